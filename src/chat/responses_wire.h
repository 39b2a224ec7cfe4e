// ResponsesWire: POST /v1/responses, OpenAI's Responses over any model that we have; stateless.
//
// A stream's events, each with its type and a sequence_number from 0: response.created,
// response.in_progress; for each output item, one after the other, response.output_item.added,
// what it holds, response.output_item.done; and last, for nothing follows it,
// response.completed, response.incomplete or response.failed. A message holds
// response.content_part.added, response.output_text.delta (or .refusal.delta), ...done,
// response.content_part.done; a call response.function_call_arguments.delta, ...done; reasoning
// response.reasoning_text.delta, ...done. An item's id and output_index are the same throughout.
// Errors before the stream have the shape of chat completions'.
// Source: OpenAI API reference, "Streaming events" of Responses, November 2025.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/answer_parts.h"
#include "chat/responses_answer.h"
#include "chat/wire_format.h"

namespace understudy {

class ResponsesWire final : public WireFormat, private PartStream::Sink {
 public:
  explicit ResponsesWire(int64_t wall_ms) { state_.created_s = wall_ms / 1000; }

  std::string_view endpoint() const override { return "/v1/responses"; }
  Result<ChatRequest> ReadRequest(std::string body) override;
  std::string AnswerBody(ChatAnswer& answer) override;
  std::string ErrorBody(const Error& error) const override;
  void AddChunk(const ChatChunk& chunk, std::string* out) override;
  void EndStream(const Usage& usage, std::string* out) override;
  void BreakStream(const Error& error, std::string* out) override;

 private:
  void Begin(const AnswerPart& part, size_t index) override;
  void Piece(const AnswerPart& part, size_t index, std::string_view piece) override;
  void End(const AnswerPart& part, size_t index) override;

  void BeginResponse(std::string_view id, std::string_view model);
  void Emit(std::string_view type, std::string_view members);
  // Of one item: with its id and output_index.
  void EmitOf(std::string_view type, const AnswerPart& part, size_t index,
              std::string_view members);
  void EndResponse(std::string_view status);

  ResponseState state_;
  PartStream parts_;
  bool begun_ = false;
  int64_t sequence_ = 0;
  std::string_view ending_ = "completed";  // the status of items that end now
  std::string* out_ = nullptr;             // while a call to this object runs
};

}  // namespace understudy
