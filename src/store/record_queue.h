// The way from the serving threads to the writer: a bounded ring for each serving thread (one
// producer, one consumer, no lock) and a bed for the writer to sleep in. While the writer is awake,
// a push is a few atomic operations on the thread's own cache lines and no system call.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/task.h"
#include "chat/exchange.h"

namespace understudy {

// A strict call that waits for its commit. Touched on the call's own thread only; the writer posts
// to the timer's executor.
struct RecordWaiter {
  explicit RecordWaiter(const TaskExecutor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
  bool done = false;
  Status result;
};

struct RecordItem {
  Exchange exchange;
  size_t bytes = 0;                      // of its bodies, for the bound on memory
  std::shared_ptr<RecordWaiter> waiter;  // strict mode only
};

class RecordQueue {
 public:
  // `capacity` and `max_bytes` are shared out evenly among the rings. A ring that is empty takes
  // one item of any size.
  RecordQueue(size_t rings, size_t capacity, size_t max_bytes);
  ~RecordQueue();  // drops what is left

  // ---- a serving thread, on its own ring. False: it is full, and the item stays the caller's.
  bool Push(size_t ring, std::unique_ptr<RecordItem>& item);

  // ---- any thread
  void Hurry();         // ends the writer's sleep, now or the next one
  size_t size() const;  // a moment's view
  size_t rings() const { return rings_.size(); }

  // ---- the writer
  // Appends to `items`: up to `max_items`, and not much more than `max_bytes`.
  void Take(size_t max_items, size_t max_bytes, std::vector<std::unique_ptr<RecordItem>>& items);
  void WaitForItems();             // until there is one, or Hurry
  void SleepUntil(Monotonic end);  // or Hurry

 private:
  struct Ring;
  bool Empty() const;

  std::vector<std::unique_ptr<Ring>> rings_;
  size_t capacity_, max_bytes_;  // of one ring
  size_t next_ring_ = 0;         // where Take begins, in turn

  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable awake_;
  bool hurry_ = false;  // under mutex_
};

}  // namespace understudy
