// Messages bodies from clients: what is accepted becomes a chat-completions request that is strict
// JSON and is accepted too; what is not is the client's fault and says why.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chat/messages_request.h"
#include "chat/request.h"
#include "is_json.h"

namespace understudy {
namespace {

void Check(bool held) {
  if (!held) std::abort();
}

void CheckUse(std::string body, MessagesUse use) {
  const auto converted = ChatFromMessages(body, use);
  if (!converted) {
    Check(converted.error().kind == ErrorKind::kInvalidInput);
    Check(!converted.error().message.empty());
    return;
  }
  Check(IsJson(converted->body));
  auto request = ParseChatRequest(converted->body);
  Check(request.has_value());
  request->reasoning = converted->reasoning;
  Check(ParseChatRequest(BodyForUpstream(*request, "", {})).has_value());
  Check(!request->messages.empty() && !request->model.empty());
  Check(request->max_tokens.has_value() || use == MessagesUse::kCountTokens);
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string body(reinterpret_cast<const char*>(data), size);
  CheckUse(body, MessagesUse::kAnswer);
  CheckUse(body, MessagesUse::kCountTokens);
  return 0;
}
