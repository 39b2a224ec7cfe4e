// Bodies from clients: what is accepted is strict JSON, kept as it came, and can be edited for any
// upstream into a body that is accepted again and means what was asked for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chat/request.h"
#include "is_json.h"

namespace understudy {
namespace {

void Check(bool held) {
  if (!held) std::abort();
}

void CheckSplice(const ChatRequest& request, bool stream, bool count_usage) {
  const auto again = ParseChatRequest(
      BodyForUpstream(request, "other \"model\"", {.stream = stream, .count_usage = count_usage}));
  Check(again.has_value());
  Check(again->model == "other \"model\"");
  Check(again->stream == stream);
  Check(again->include_usage || !(stream && count_usage));
  Check(again->messages.size() == request.messages.size());
  Check(again->tools.size() == request.tools.size());
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto request = ParseChatRequest(std::string(body));
  if (!request) {
    Check(request.error().kind == ErrorKind::kInvalidInput && !request.error().message.empty());
    return 0;
  }
  Check(request->body == body);
  Check(!request->messages.empty() && request->n >= 1);
  Check(IsJson(body));
  for (const Tool& tool : request->tools) {
    Check(tool.parameters.empty() || IsJson(tool.parameters));
  }
  Check(request->response_schema.empty() || IsJson(request->response_schema));
  (void)LastUserText(*request);
  CheckSplice(*request, true, true);
  CheckSplice(*request, true, false);
  CheckSplice(*request, false, true);
  return 0;
}
