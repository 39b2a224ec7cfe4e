// What the tests of evaluation and selection share: rows of a curated file.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/json.h"

namespace understudy {

// An exchange line; `more` are members of the request ("\"tools\":[...]"), `message` of the
// answer's message.
inline std::string EvalLine(std::string_view id, std::string_view user, std::string_view message,
                            std::string_view more = R"("max_tokens":16)") {
  return fmt::format(
      R"({{"id":"{}","request":{{"messages":[{{"role":"user","content":{}}}],{}}},"response":{{)"
      R"("choices":[{{"message":{{"role":"assistant",{}}},"finish_reason":"stop"}}]}}}})"
      "\n",
      id, JsonString(user), more, message);
}

inline std::string Says(std::string_view content) {
  return fmt::format(R"("content":{})", JsonString(content));
}

inline std::string Calls(std::string_view tool, std::string_view arguments) {
  return fmt::format(
      R"("content":null,"tool_calls":[{{"id":"c","type":"function","function":{{"name":"{}",)"
      R"("arguments":{}}}}}])",
      tool, JsonString(arguments));
}

inline constexpr std::string_view kBookTool =
    R"("tools":[{"type":"function","function":{"name":"book","parameters":{"type":"object"}}}])";

}  // namespace understudy
