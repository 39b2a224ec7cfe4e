#include "chat/responses_wire.h"

#include <fmt/format.h>

#include "base/json.h"
#include "chat/error_body.h"
#include "chat/responses_request.h"

namespace understudy {
namespace {

// "response.output_text" and its kin: what the events of a part's text are called.
std::string_view TextEvent(PartKind kind) {
  switch (kind) {
    case PartKind::kReasoning: return "response.reasoning_text";
    case PartKind::kRefusal: return "response.refusal";
    case PartKind::kCall: return "response.function_call_arguments";
    case PartKind::kText: return "response.output_text";
  }
  return "response.output_text";
}

// The member that holds the whole text in the ...done event.
std::string_view TextMember(PartKind kind) {
  switch (kind) {
    case PartKind::kRefusal: return "refusal";
    case PartKind::kCall: return "arguments";
    default: return "text";
  }
}

// Items but function calls hold their text in a content part of their own, always the first.
std::string_view Place(PartKind kind) {
  return kind == PartKind::kCall ? "" : R"(,"content_index":0)";
}

std::string_view Logprobs(PartKind kind) {
  return kind == PartKind::kText ? R"(,"logprobs":[])" : "";
}

std::string_view FailureCode(const Error& error) {
  const int status = HttpStatus(error);
  if (status == 429) return "rate_limit_exceeded";
  return status < 500 ? "invalid_prompt" : "server_error";
}

void AddItem(std::string* output, std::string item) {
  if (!output->empty()) *output += ',';
  *output += item;
}

}  // namespace

Result<ChatRequest> ResponsesWire::ReadRequest(std::string body) {
  TRY(ResponsesAsked asked, ChatFromResponses(body));
  for (const std::string& name : asked.left_out) LeaveOut(name);
  state_.repeated = std::move(asked.repeated);
  return ParseChatRequest(std::move(asked.body));
}

std::string ResponsesWire::AnswerBody(ChatAnswer& answer) {
  const auto finish = answer.choices.empty() ? FinishReason::kNone : answer.choices.front().finish;
  const auto parts = PartsOf(answer);
  state_.stem = ResponseStem(answer.id);
  state_.model = answer.model;
  state_.reason = IncompleteReason(finish);
  state_.status = state_.reason.empty() ? "completed" : "incomplete";
  state_.usage = &answer.usage;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool cut = i + 1 == parts.size() && !state_.reason.empty();
    AddItem(&state_.output, OutputItem(state_.stem, parts[i], i, cut ? "incomplete" : "completed"));
  }
  return ResponseJson(state_);
}

std::string ResponsesWire::ErrorBody(const Error& error) const {
  return understudy::ErrorBody(error);
}

void ResponsesWire::Emit(std::string_view type, std::string_view members) {
  *out_ += fmt::format("event: {0}\ndata: {{\"type\":\"{0}\",\"sequence_number\":{1},{2}}}\n\n",
                       type, sequence_++, members);
}

void ResponsesWire::EmitOf(std::string_view type, const AnswerPart& part, size_t index,
                           std::string_view members) {
  Emit(type, fmt::format(R"("item_id":{},"output_index":{}{}{})",
                         JsonString(OutputItemId(state_.stem, part.kind, index)), index,
                         Place(part.kind), members));
}

void ResponsesWire::BeginResponse(std::string_view id, std::string_view model) {
  begun_ = true;
  state_.stem = ResponseStem(id);
  state_.model = model;
  state_.status = "in_progress";
  const std::string response = R"("response":)" + ResponseJson(state_);
  Emit("response.created", response);
  Emit("response.in_progress", response);
}

void ResponsesWire::Begin(const AnswerPart& part, size_t index) {
  Emit("response.output_item.added",
       fmt::format(R"("output_index":{},"item":{})", index,
                   OutputItem(state_.stem, part, index, "in_progress")));
  if (part.kind == PartKind::kCall) return;
  EmitOf("response.content_part.added", part, index, R"(,"part":)" + ContentPart(part));
}

void ResponsesWire::Piece(const AnswerPart& part, size_t index, std::string_view piece) {
  EmitOf(fmt::format("{}.delta", TextEvent(part.kind)), part, index,
         fmt::format(R"(,"delta":{}{})", JsonString(piece), Logprobs(part.kind)));
}

void ResponsesWire::End(const AnswerPart& part, size_t index) {
  const std::string name =
      part.kind == PartKind::kCall ? R"(,"name":)" + JsonString(part.name) : std::string();
  EmitOf(fmt::format("{}.done", TextEvent(part.kind)), part, index,
         fmt::format(R"({},"{}":{}{})", name, TextMember(part.kind), JsonString(part.text),
                     Logprobs(part.kind)));
  if (part.kind != PartKind::kCall) {
    EmitOf("response.content_part.done", part, index, R"(,"part":)" + ContentPart(part));
  }
  const std::string item = OutputItem(state_.stem, part, index, ending_);
  Emit("response.output_item.done", fmt::format(R"("output_index":{},"item":{})", index, item));
  AddItem(&state_.output, item);
}

void ResponsesWire::AddChunk(const ChatChunk& chunk, std::string* out) {
  out_ = out;
  if (!begun_) BeginResponse(chunk.id, chunk.model);
  parts_.Add(chunk, *this);
}

void ResponsesWire::EndResponse(std::string_view status) {
  state_.status = status;
  Emit(fmt::format("response.{}", status), R"("response":)" + ResponseJson(state_));
}

void ResponsesWire::EndStream(const Usage& usage, std::string* out) {
  out_ = out;
  if (!begun_) BeginResponse({}, {});
  state_.reason = IncompleteReason(parts_.finish());
  if (!state_.reason.empty()) ending_ = "incomplete";  // what is still open was cut off
  parts_.Close(*this);
  state_.usage = &usage;
  EndResponse(ending_);
}

void ResponsesWire::BreakStream(const Error& error, std::string* out) {
  out_ = out;
  if (!begun_) BeginResponse({}, {});
  state_.error = fmt::format(R"({{"code":"{}","message":{}}})", FailureCode(error),
                             JsonString(ErrorMessage(error)));
  EndResponse("failed");
}

}  // namespace understudy
