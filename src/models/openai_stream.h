// A streamed answer of an OpenAI-compatible server: server-sent events in, chunks out.
//
// Complete is a stream that ends with [DONE], or without it once every choice has its finish
// reason. One that ends earlier fails with kProtocol, and an error object in it becomes the error
// that UpstreamStreamError makes. An upstream that ignores `stream` and answers whole is read as
// the chunks its stream would have had.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "chat/sse.h"
#include "models/breaker.h"
#include "models/limit.h"
#include "models/model.h"
#include "models/upstream.h"

namespace understudy {

class OpenAiStream final : public AnswerStream {
 public:
  // `upstream` and `cancellation` (the call's) must outlive the stream.
  OpenAiStream(Upstream& upstream, Cancellation& cancellation, std::atomic<uint64_t>& failures);

  // One try: sends, and reads up to the first chunk. Any error is retryable where nothing came.
  Task<Status> Open(const Upstream::Call& call);

  // What the stream holds until it ends: its place, and the leave whose end it reports.
  void Hold(ConcurrencyLimit::Place place, Breaker::Permit permit);

  Task<Result<std::optional<ChatChunk>>> Next() override;

 private:
  using Chunk = Result<std::optional<ChatChunk>>;
  Task<Status> ReadWhole();
  Task<Chunk> ReadChunk();
  Task<Chunk> AtEnd();
  Chunk Parse(std::string data);
  void Follow(const ChatChunk& chunk);
  bool AllFinished() const { return !finished_.empty() && unfinished_ == 0; }
  Task<void> Drain();
  void Settle(const Error* error);

  Upstream& upstream_;
  Cancellation& call_;
  std::atomic<uint64_t>& failures_;
  // The connection's own: cancelled with the call, or when the tail after [DONE] is late.
  const std::shared_ptr<Cancellation> own_ = std::make_shared<Cancellation>();
  std::unique_ptr<HttpReply> reply_;
  SseParser events_;
  std::deque<std::string> ready_;  // payloads of an answer that came whole
  std::optional<ChatChunk> first_;
  std::map<int, bool> finished_;  // by choice
  size_t unfinished_ = 0;         // choices seen but not finished
  bool ended_ = false;
  std::optional<Error> failed_;
  ConcurrencyLimit::Place place_;
  std::optional<Breaker::Permit> permit_;
};

}  // namespace understudy
