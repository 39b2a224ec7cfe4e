#include "models/slot_queue.h"

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace understudy {

namespace asio = boost::asio;

struct SlotQueue::Waiter {
  Waiter(const TaskExecutor& executor, int adapter_, int64_t width_)
      : bell(executor, asio::steady_timer::time_point::max()), adapter(adapter_), width(width_) {}
  asio::steady_timer bell;  // never expires; cancelled to wake. Its thread's only.
  const int adapter;
  const int64_t width;
  int64_t overtaken = 0;  // the rest: under the queue's mutex
  bool granted = false;
  bool collected = false;  // the grant has become a Lease
};

SlotQueue::Lease& SlotQueue::Lease::operator=(Lease&& other) noexcept {
  Release();
  queue_ = std::move(other.queue_);
  adapter_ = other.adapter_;
  width_ = other.width_;
  return *this;
}

void SlotQueue::Lease::Release() {
  if (queue_) std::exchange(queue_, nullptr)->GiveBack(adapter_, width_);
}

void SlotQueue::Take(int adapter, int64_t width) {
  running_ += width;
  running_by_adapter_[adapter] += width;
}

void SlotQueue::GiveBack(int adapter, int64_t width) {
  const std::lock_guard lock(mutex_);
  running_ -= width;
  const auto held = running_by_adapter_.find(adapter);
  if ((held->second -= width) == 0) running_by_adapter_.erase(held);
  GrantAll();
}

// The waiter that comes next, or the end when none fits.
SlotQueue::Waiters::iterator SlotQueue::Next() {
  const auto oldest = waiters_.begin();
  if (oldest == waiters_.end()) return oldest;
  if ((*oldest)->overtaken >= kMostOvertakes * slots_) {
    return Fits((*oldest)->width) ? oldest : waiters_.end();
  }
  auto first_that_fits = waiters_.end();
  for (auto it = oldest; it != waiters_.end(); ++it) {
    if (!Fits((*it)->width)) continue;
    if (running_by_adapter_.contains((*it)->adapter)) return it;
    if (first_that_fits == waiters_.end()) first_that_fits = it;
  }
  return first_that_fits;
}

void SlotQueue::GrantAll() {
  for (auto next = Next(); next != waiters_.end(); next = Next()) {
    for (auto it = waiters_.begin(); it != next; ++it) ++(*it)->overtaken;
    const std::shared_ptr<Waiter> waiter = *next;
    waiters_.erase(next);
    Take(waiter->adapter, waiter->width);
    waiter->granted = true;
    asio::post(waiter->bell.get_executor(), [waiter] { waiter->bell.cancel(); });
  }
}

// A waiter that goes without its lease: cancelled, or its coroutine was destroyed.
void SlotQueue::Abandon(const std::shared_ptr<Waiter>& waiter) {
  std::unique_lock lock(mutex_);
  if (waiter->collected) return;
  if (waiter->granted) {
    lock.unlock();
    return GiveBack(waiter->adapter, waiter->width);
  }
  waiters_.remove(waiter);
  GrantAll();  // it may have been the one that held up the others
}

Task<Result<SlotQueue::Lease>> SlotQueue::Acquire(int adapter, int64_t width,
                                                  Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  const auto executor = co_await asio::this_coro::executor;
  std::shared_ptr<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty() && Fits(width)) {
      Take(adapter, width);
      co_return Lease(shared_from_this(), adapter, width);
    }
    if (waiters_.size() >= most_waiting_) {
      Error full = Unavailable(
          fmt::format("{} requests wait for {} slots already", waiters_.size(), slots_));
      full.kind = ErrorKind::kTooMany;
      full.retry_after = std::chrono::seconds(1);
      co_return Fail(std::move(full).Mend("Give the model more slots, or send fewer at once."));
    }
    waiter = std::make_shared<Waiter>(executor, adapter, width);
    waiters_.push_back(waiter);
    GrantAll();  // it may fit beside an older one that does not
  }
  struct Guard {  // also runs when this coroutine is destroyed while it waits
    SlotQueue& queue;
    const std::shared_ptr<Waiter>& waiter;
    ~Guard() { queue.Abandon(waiter); }
  } const guard{*this, waiter};
  const Cancellation::Scope scope(cancellation, [waiter] { waiter->bell.cancel(); });
  for (;;) {
    if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
    {
      const std::lock_guard lock(mutex_);
      if (waiter->granted) {
        waiter->collected = true;
        co_return Lease(shared_from_this(), adapter, width);
      }
    }
    boost::system::error_code ignored;
    co_await waiter->bell.async_wait(asio::redirect_error(kUseTask, ignored));
  }
}

size_t SlotQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

int64_t SlotQueue::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace understudy
