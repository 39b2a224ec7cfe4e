// A stranger's answer against a stranger's request. Lines: flags, tool schema, response schema,
// tool arguments, and the rest is content.
#include <cstdlib>

#include "reason/verify.h"

namespace {

std::string TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string flags = TakeLine(text) + "    ";
  ChatRequest request;
  request.tools = {{.name = "t", .parameters = TakeLine(text)}};
  request.response_schema = TakeLine(text);
  request.response_format = static_cast<ResponseFormat>(flags[0] % 3);
  request.tool_choice = static_cast<ToolChoice>(flags[1] % 4);
  request.forced_tool = "t";
  ChatAnswer answer;
  answer.choices.resize(1);
  const std::string arguments = TakeLine(text);
  if (flags[2] % 2) answer.choices[0].tool_calls = {{.name = "t", .arguments = arguments}};
  answer.choices[0].content = text;
  answer.choices[0].finish = static_cast<FinishReason>(flags[3] % 6);
  const Verdict verdict = VerifyAnswer(request, answer, {});
  if (verdict.detail.size() > 200 || verdict.ok() != verdict.detail.empty()) std::abort();
  return 0;
}
