// Responses bodies from clients: what is accepted becomes a chat-completions request that is strict
// JSON and is accepted too, and members to repeat that are JSON; what is not is the client's fault.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chat/request.h"
#include "chat/responses_request.h"
#include "is_json.h"

namespace understudy {
namespace {

void Check(bool held) {
  if (!held) std::abort();
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  std::string body(reinterpret_cast<const char*>(data), size);
  const auto asked = ChatFromResponses(body);
  if (!asked) {
    Check(asked.error().kind == ErrorKind::kInvalidInput && !asked.error().message.empty());
    return 0;
  }
  Check(IsJson(asked->body));
  Check(IsJson("{" + asked->repeated + "}"));
  const auto request = ParseChatRequest(asked->body);
  Check(request.has_value());
  Check(!request->messages.empty() && !request->model.empty());
  return 0;
}
