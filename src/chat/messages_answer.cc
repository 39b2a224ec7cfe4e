#include "chat/messages_answer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "chat/error_body.h"

namespace understudy {
namespace {

std::string InputOf(const AnswerPart& call) {
  if (call.text.empty()) return "{}";
  const auto parsed = ParseJson(call.text);
  if (parsed && parsed->is_object()) return call.text;
  return R"({"invalid_json":)" + JsonString(call.text) + '}';
}

std::string Block(const AnswerPart& part) {
  switch (part.kind) {
    case PartKind::kReasoning:
      return R"({"type":"thinking","thinking":)" + JsonString(part.text) + R"(,"signature":""})";
    case PartKind::kText:
    case PartKind::kRefusal: return R"({"type":"text","text":)" + JsonString(part.text) + '}';
    case PartKind::kCall:
      return R"({"type":"tool_use","id":)" + JsonString(part.id) + R"(,"name":)" +
             JsonString(part.name) + R"(,"input":)" + InputOf(part) + '}';
  }
  return {};
}

std::string_view ErrorTypeOf(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 408:
    case 504: return "timeout_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    default: return status < 500 ? "invalid_request_error" : "api_error";
  }
}

bool Has(const std::vector<AnswerPart>& parts, PartKind kind) {
  return std::ranges::any_of(parts, [&](const AnswerPart& part) { return part.kind == kind; });
}

}  // namespace

std::string MessageId(std::string_view answer_id) {
  constexpr std::string_view kPrefix = "chatcmpl-";
  if (answer_id.starts_with(kPrefix)) answer_id.remove_prefix(kPrefix.size());
  if (answer_id.empty()) return NewId("msg_", Clock::System().WallMs());
  return "msg_" + std::string(answer_id);
}

std::string_view StopReason(FinishReason finish, const std::vector<AnswerPart>& parts,
                            bool at_stop) {
  if (finish == FinishReason::kLength) return "max_tokens";
  if (finish == FinishReason::kContentFilter || Has(parts, PartKind::kRefusal)) return "refusal";
  if (Has(parts, PartKind::kCall)) return "tool_use";
  return at_stop ? "stop_sequence" : "end_turn";
}

std::string MessagesUsage(const Usage& usage) {
  return fmt::format(R"({{"input_tokens":{},"cache_creation_input_tokens":0,)"
                     R"("cache_read_input_tokens":{},"output_tokens":{}}})",
                     std::max<int64_t>(0, usage.prompt_tokens - usage.cached_tokens),
                     usage.cached_tokens, usage.completion_tokens);
}

std::string OpenBlock(const AnswerPart& part) {
  AnswerPart empty = part;
  empty.text.clear();
  return Block(empty);
}

std::string MessageJson(const ChatAnswer& answer, const std::vector<std::string>& stops) {
  const auto parts = PartsOf(answer);
  std::string content;
  for (const AnswerPart& part : parts) content += (content.empty() ? "" : ",") + Block(part);
  const Choice none;
  const Choice& choice = answer.choices.empty() ? none : answer.choices.front();
  const bool at_stop = std::ranges::find(stops, choice.stop_text) != stops.end();
  const std::string_view reason = StopReason(choice.finish, parts, at_stop);
  return fmt::format(R"({{"id":{},"type":"message","role":"assistant","model":{},"content":[{}],)"
                     R"("stop_reason":"{}","stop_sequence":{},"usage":{}}})",
                     JsonString(MessageId(answer.id)), JsonString(answer.model), content, reason,
                     reason == "stop_sequence" ? JsonString(choice.stop_text) : "null",
                     MessagesUsage(answer.usage));
}

std::string MessagesError(const Error& error) {
  std::string message = ErrorMessage(error);
  if (error.kind == ErrorKind::kContextLength && !message.starts_with("prompt is too long")) {
    message = "prompt is too long: " + message;
  }
  return R"({"type":"error","error":{"type":)" + JsonString(ErrorTypeOf(HttpStatus(error))) +
         R"(,"message":)" + JsonString(message) + "}}";
}

}  // namespace understudy
