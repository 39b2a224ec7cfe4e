// Comments in a streamed answer that has not begun: clients and proxies between give up on a silent
// connection, and a prompt may wait in a queue or be read for longer than their patience.
//
// The first goes out kKeepAliveAfter after the decision, and begins the stream (status 200): what
// fails from then on is told as an error event. The answer is not committed by it; it may still
// escalate or fall back.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "base/task.h"
#include "gateway/call.h"

namespace understudy {

inline constexpr std::chrono::seconds kKeepAliveAfter{5};
inline constexpr std::chrono::seconds kKeepAliveEvery{10};

// While it lives and is not stopped; nothing for calls that do not stream. On the call's thread,
// `executor` being that thread's.
class KeepAlive {
 public:
  KeepAlive(Call& call, TaskExecutor executor);
  ~KeepAlive();
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;

  // Returns once no comment is on its way and none will follow: the writer is the caller's. Must be
  // awaited before it is destroyed.
  Task<void> Stop();

 private:
  struct Ticker;
  void Begin(TaskExecutor executor);
  static Task<void> Tick(std::shared_ptr<Ticker> ticker);

  Call& call_;
  std::optional<Deadlines::Alarm> alarm_;
  std::shared_ptr<Ticker> ticker_;  // from the first comment on
};

}  // namespace understudy
