// WireFormat: in which words a client asks and is answered. The life of a request is one
// (gateway/life.cc) and knows chat completions alone; what another API calls its request, its
// answer, its events and its errors is said here, at both edges.
//
//   chat_wire.h       POST /v1/chat/completions   bytes pass through
//   responses_wire.h  POST /v1/responses          OpenAI's Responses, stateless
//   messages_wire.h   POST /v1/messages           Anthropic's Messages
//
// One object a call: it remembers of the request what the answer repeats, and where its stream
// stands. Pure: it reads and writes text, and waits for nothing.
//
// The order of calls: ReadRequest; then AnswerBody, or ErrorBody, or a stream: AddChunk or
// AddWhole, any number of times, then EndStream or BreakStream once. Streams append whole
// server-sent events to `out`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/answer.h"
#include "chat/request.h"

namespace understudy {

class WireFormat {
 public:
  virtual ~WireFormat() = default;

  // The path, under which the exchange is recorded too; what is recorded is in the shape of chat
  // completions, whatever the wire.
  virtual std::string_view endpoint() const = 0;

  // The body as a chat-completions request. kInvalidInput with `param` set to the member at fault,
  // in the client's own words.
  virtual Result<ChatRequest> ReadRequest(std::string body) = 0;

  // What of the request has no counterpart in chat completions and was left out, by name, comma
  // between; empty for none. Fit for a header.
  const std::string& left_out() const { return left_out_; }

  // Whether the client will be told which of its stop sequences ended the answer. Such an answer's
  // chunks are never handed on as they came.
  virtual bool tells_stop_text() const { return false; }

  // The whole answer. May take `answer.body`.
  virtual std::string AnswerBody(ChatAnswer& answer) = 0;
  virtual std::string ErrorBody(const Error& error) const = 0;

  virtual void AddChunk(const ChatChunk& chunk, std::string* out) = 0;
  // A held answer, as the stream in which it would have come.
  virtual Status AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out);
  // `usage` is what the gateway counted.
  virtual void EndStream(const Usage& usage, std::string* out) = 0;
  virtual void BreakStream(const Error& error, std::string* out) = 0;

 protected:
  void LeaveOut(std::string_view name);

 private:
  std::string left_out_;
  size_t left_out_count_ = 0;
};

inline constexpr size_t kHeldPieceBytes = 24;  // of held content, when it is streamed

}  // namespace understudy
