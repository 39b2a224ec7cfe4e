// Messages and tools in the canonical form that dataset/example.h describes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "dataset/example.h"

namespace understudy {

// Brings the messages of one conversation into form, in order; it knows which calls are open.
class Canonicalizer {
 public:
  template <class T>
  using Made = std::expected<T, Unusable>;

  // A message of the request.
  Made<std::string> Message(const json::value& message);
  // The answer to it all: an assistant's message; `offered` are the names of the tools.
  Made<std::string> Answer(const json::value& message, const std::vector<std::string>& offered);

  size_t count() const { return count_; }
  std::string_view last_role() const { return last_role_; }

 private:
  struct Call {
    std::string recorded_id, id;
  };
  Made<std::string> Assistant(const json::value& message);
  Made<json::array> Calls(const json::array& calls);
  Made<std::string> ToolResult(const json::value& message);
  Unusable Wrong(std::string_view what) const;

  std::vector<Call> calls_;  // of the whole conversation so far
  size_t count_ = 0;
  std::string last_role_;
};

// Names of the functions that `tools` offers.
std::expected<std::vector<std::string>, Unusable> ToolNames(const json::value& tools);

// The text of a content: null, a string, or text parts.
std::expected<std::string, Unusable> ContentText(const json::value* content);

// Without the blanks between tokens; `text` is valid JSON.
std::string WithoutBlanks(std::string_view text);

}  // namespace understudy
