// ChatWire: POST /v1/chat/completions, the wire that needs no conversion. Chunks go out as they
// came, but for the usage chunk where the client did not ask for one.
#pragma once

#include <string>
#include <string_view>

#include "chat/wire_format.h"

namespace understudy {

class ChatWire final : public WireFormat {
 public:
  std::string_view endpoint() const override { return "/v1/chat/completions"; }
  Result<ChatRequest> ReadRequest(std::string body) override;
  std::string AnswerBody(ChatAnswer& answer) override { return std::move(answer.body); }
  std::string ErrorBody(const Error& error) const override;
  void AddChunk(const ChatChunk& chunk, std::string* out) override;
  Status AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out) override;
  void EndStream(const Usage& usage, std::string* out) override;
  void BreakStream(const Error& error, std::string* out) override;

 private:
  bool include_usage_ = false;
};

}  // namespace understudy
