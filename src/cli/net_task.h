// Runs one coroutine to its end from ordinary code: for commands that make a few calls and go.
#pragma once

#include <chrono>
#include <future>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include "base/cancel.h"
#include "base/runtime.h"
#include "base/task.h"

namespace understudy {

// Cancels `cancellation` (kDeadline) after `limit`, on its context's thread. Dropping it, there,
// takes the deadline back.
class Deadline {
 public:
  Deadline(boost::asio::io_context& context, std::chrono::milliseconds limit,
           Cancellation& cancellation)
      : timer_(context, limit) {
    timer_.async_wait([alive = std::weak_ptr<bool>(alive_), &cancellation](const auto& error) {
      if (!error && !alive.expired()) cancellation.Cancel(CancelReason::kDeadline);
    });
  }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  boost::asio::steady_timer timer_;
};

// `start` returns the Task; it is spawned on thread 0 of a running `runtime`. What it throws is
// rethrown here.
template <class T, class Start>
T RunTask(Runtime& runtime, Start start) {
  return boost::asio::co_spawn(runtime.context(0), start(), boost::asio::use_future).get();
}

}  // namespace understudy
