// Signal: lets one coroutine sleep until some callback on the same thread wakes it.
//
// It owns the sleeping coroutine. So it must itself belong to the pending operation that will
// wake it, never to what the coroutine owns: then a context that is destroyed with operations
// pending destroys their coroutines, too.
#pragma once

#include <optional>
#include <utility>

#include "base/task.h"

namespace understudy {

class Signal {
 public:
  // Returns after the next Notify(). At most one waiter at a time. The Signal must outlive it.
  Task<void> Wait() {
    return boost::asio::async_initiate<const UseTask, void()>(
        [this](auto handler) { waiter_.emplace(std::move(handler)); }, kUseTask);
  }

  bool waiting() const { return waiter_.has_value(); }

  // Resumes the waiter before it returns: the caller must be ready for anything, its own end
  // included. Without a waiter nothing happens.
  void Notify() {
    if (!waiter_) return;
    Waiter waiter = *std::move(waiter_);
    waiter_.reset();
    std::move(waiter)();
  }

 private:
  using Waiter = boost::asio::async_result<UseTask, void()>::handler_type;
  std::optional<Waiter> waiter_;
};

}  // namespace understudy
