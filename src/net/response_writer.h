// WireWriter: the ResponseWriter of one server connection, used again for each of its requests.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/buffer.hpp>

#include "net/server.h"
#include "net/wire.h"

namespace understudy {

class WireWriter final : public ResponseWriter {
 public:
  // What the request says about its answer.
  struct Terms {
    bool http11 = true;
    bool head = false;  // HEAD: the head only
    bool keep_alive = true;
  };

  // An answer that begins while `stopping` is true is the connection's last.
  WireWriter(Wire& wire, std::chrono::nanoseconds write_timeout, const std::atomic<bool>& stopping)
      : wire_(wire), write_timeout_(write_timeout), stopping_(stopping) {}

  // Begins the next request, with a Cancellation of its own.
  void Start(Terms terms);
  // The answer that begins from now on is the connection's last.
  void MakeLast() { terms_.keep_alive = false; }

  Task<Status> Send(HttpResponse response) override;
  Task<Status> Begin(int status, Headers headers) override;
  Task<Status> Write(std::string_view bytes) override;
  Task<Status> End() override;
  bool begun() const override { return phase_ != Phase::kNothing; }
  uint64_t bytes_sent() const override { return bytes_sent_; }
  Cancellation& cancellation() override { return *cancellation_; }

  // Everything of the answer went out.
  bool complete() const { return phase_ == Phase::kComplete; }
  bool keep_alive() const { return complete() && terms_.keep_alive; }

 private:
  enum class Phase { kNothing, kStream, kComplete, kBroken };
  Status Expect(Phase phase) const;
  void StartHead(int status, const Headers& headers);
  // Sends what the socket takes at once. True: that was all, or it failed, as `result` says.
  bool TryFlush(std::span<boost::asio::const_buffer> buffers, Phase next, Status& result);
  Task<Status> FlushRest(std::span<boost::asio::const_buffer> buffers, Phase next);
  Status Flushed(const WireError& error, Phase next);

  Wire& wire_;
  std::chrono::nanoseconds write_timeout_;
  const std::atomic<bool>& stopping_;
  Terms terms_;
  Phase phase_ = Phase::kNothing;
  bool has_body_ = true;
  uint64_t bytes_sent_ = 0;
  size_t flushing_ = 0;  // bytes on their way
  std::optional<Cancellation> cancellation_;
  std::string head_;  // kept for its memory
};

// OpenAI's error shape, for what never reaches a handler.
HttpResponse PlainError(int status, std::string_view message);

}  // namespace understudy
