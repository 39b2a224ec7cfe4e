// WireReply: an answer being received over a leased connection.
#pragma once

#include <memory>
#include <optional>

#include "net/pool.h"
#include "net/reply_parser.h"

namespace understudy {

class WireReply final : public HttpReply {
 public:
  // `cancellation` must outlive the reply.
  WireReply(Lease lease, const ClientOptions& options, std::string upstream, bool to_head,
            Cancellation& cancellation);

  // Waits for the head of the answer. Where the connection ends before one byte of it,
  // `nothing_came` is set.
  Task<Status> ReadHead(bool& nothing_came);
  Task<Result<std::string_view>> ReadSome() override;
  Task<Result<std::string>> ReadAll(size_t max_bytes) override;

 private:
  // The next piece of what has arrived, empty at the body's end; nullopt: more input is needed.
  Result<std::optional<std::string_view>> NextPiece();
  Task<Status> Fill(std::chrono::milliseconds limit, std::string_view doing);
  Error Broken(std::string what) const;

  Lease lease_;
  ReplyParser parser_;
  std::chrono::milliseconds first_byte_timeout_;
  std::chrono::milliseconds idle_timeout_;
  std::string upstream_;  // for errors
  Cancellation& cancellation_;
};

}  // namespace understudy
