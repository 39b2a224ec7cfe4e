// MessagesWire: POST /v1/messages, Anthropic's Messages over any model that we have.
//
// A stream's events: message_start, ping; for each content block content_block_start,
// content_block_delta (text_delta, thinking_delta, input_json_delta), content_block_stop, one after
// the other; message_delta with the stop reason and the usage; message_stop. The usage is known at
// the end alone, so message_start's is zero unless the answer was held. A failure is an `error`
// event, after which nothing comes.
// Source: Anthropic API reference, "Streaming Messages"; anthropic-version 2023-06-01.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/answer_parts.h"
#include "chat/messages_request.h"
#include "chat/wire_format.h"

namespace understudy {

class MessagesWire final : public WireFormat {
 public:
  explicit MessagesWire(MessagesUse use = MessagesUse::kAnswer) : use_(use) {}

  std::string_view endpoint() const override { return "/v1/messages"; }
  Result<ChatRequest> ReadRequest(std::string body) override;
  bool tells_stop_text() const override { return !stops_.empty(); }
  std::string AnswerBody(ChatAnswer& answer) override;
  std::string ErrorBody(const Error& error) const override;
  void AddChunk(const ChatChunk& chunk, std::string* out) override;
  Status AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out) override;
  void EndStream(const Usage& usage, std::string* out) override;
  void BreakStream(const Error& error, std::string* out) override;

 private:
  void Begin(std::string_view id, std::string_view model, std::string* out);

  const MessagesUse use_;
  std::vector<std::string> stops_;
  bool begun_ = false;
  Usage usage_;
  PartStream parts_;
};

}  // namespace understudy
