// A streamed answer of llama-server. Dropping it closes the connection, which ends the work there
// within milliseconds and frees the slot.
//
// llama-server ends every choice of a request with n > 1 with usage of its own: these are added up
// and given once, before the end.
#pragma once

#include <memory>
#include <optional>

#include "chat/sse.h"
#include "models/model.h"
#include "models/server_generation.h"
#include "models/slot_queue.h"
#include "net/client.h"

namespace understudy {

class LocalStream final : public AnswerStream {
 public:
  LocalStream(std::shared_ptr<ServerGeneration> generation, SlotQueue::Lease lease,
              std::unique_ptr<HttpReply> reply, int choices)
      : generation_(std::move(generation)),
        lease_(std::move(lease)),
        reply_(std::move(reply)),
        choices_(choices) {}

  // Reads up to the first chunk, so that what goes wrong before it still fails the call.
  Task<Status> Open();
  Task<Result<std::optional<ChatChunk>>> Next() override;

 private:
  Task<Result<std::optional<ChatChunk>>> Read();
  Task<Result<std::optional<std::string>>> ReadData();  // one payload; nullopt at the end
  bool KeepUsage(const ChatChunk& chunk);               // true: the chunk is not handed on
  Result<std::optional<ChatChunk>> AtDone();

  const std::shared_ptr<ServerGeneration> generation_;  // its server stays while we read
  SlotQueue::Lease lease_;
  std::unique_ptr<HttpReply> reply_;
  const int choices_;
  SseParser events_;
  std::optional<ChatChunk> first_;
  Usage usage_;              // summed over the choices
  std::string usage_chunk_;  // the last one, as received
  bool done_ = false;
};

}  // namespace understudy
