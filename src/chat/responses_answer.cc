#include "chat/responses_answer.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"

namespace understudy {
namespace {

std::string UsageJson(const Usage& usage) {
  return fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},)"
                     R"("output_tokens":{},"output_tokens_details":{{"reasoning_tokens":{}}},)"
                     R"("total_tokens":{}}})",
                     usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens,
                     usage.reasoning_tokens, usage.prompt_tokens + usage.completion_tokens);
}

std::string_view ItemPrefix(PartKind kind) {
  switch (kind) {
    case PartKind::kReasoning: return "rs";
    case PartKind::kCall: return "fc";
    default: return "msg";
  }
}

}  // namespace

std::string ResponseStem(std::string_view answer_id) {
  constexpr std::string_view kPrefix = "chatcmpl-";
  if (answer_id.starts_with(kPrefix)) answer_id.remove_prefix(kPrefix.size());
  return answer_id.empty() ? NewId("", Clock::System().WallMs()) : std::string(answer_id);
}

std::string OutputItemId(std::string_view stem, PartKind kind, size_t index) {
  return fmt::format("{}_{}_{}", ItemPrefix(kind), stem, index);
}

std::string ContentPart(const AnswerPart& part) {
  const std::string text = JsonString(part.text);
  switch (part.kind) {
    case PartKind::kReasoning: return R"({"type":"reasoning_text","text":)" + text + '}';
    case PartKind::kRefusal: return R"({"type":"refusal","refusal":)" + text + '}';
    default:
      return R"({"type":"output_text","text":)" + text + R"(,"annotations":[],"logprobs":[]})";
  }
}

std::string OutputItem(std::string_view stem, const AnswerPart& part, size_t index,
                       std::string_view status) {
  const std::string id = JsonString(OutputItemId(stem, part.kind, index));
  if (part.kind == PartKind::kCall) {
    return fmt::format(R"({{"id":{},"type":"function_call","status":"{}","call_id":{},"name":{},)"
                       R"("arguments":{}}})",
                       id, status, JsonString(part.id), JsonString(part.name),
                       JsonString(part.text));
  }
  // As it begins it has no content yet.
  const std::string content = part.text.empty() ? "" : ContentPart(part);
  if (part.kind == PartKind::kReasoning) {
    return fmt::format(
        R"({{"id":{},"type":"reasoning","status":"{}","summary":[],"content":[{}]}})", id, status,
        content);
  }
  return fmt::format(
      R"({{"id":{},"type":"message","status":"{}","role":"assistant","content":[{}]}})", id, status,
      content);
}

std::string_view IncompleteReason(FinishReason finish) {
  switch (finish) {
    case FinishReason::kLength: return "max_output_tokens";
    case FinishReason::kContentFilter: return "content_filter";
    default: return {};
  }
}

std::string ResponseJson(const ResponseState& state) {
  const std::string incomplete =
      state.reason.empty() ? "null" : fmt::format(R"({{"reason":"{}"}})", state.reason);
  return fmt::format(
      R"({{"id":{},"object":"response","created_at":{},"status":"{}","background":false,)"
      R"("error":{},"incomplete_details":{},"model":{},"output":[{}],)"
      R"("previous_response_id":null,"store":false,"usage":{},{}}})",
      JsonString("resp_" + state.stem), state.created_s, state.status, state.error, incomplete,
      JsonString(state.model), state.output, state.usage ? UsageJson(*state.usage) : "null",
      state.repeated);
}

}  // namespace understudy
