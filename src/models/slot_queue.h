// The bounded queue in front of a server's slots.
//
// llama-server decodes slots together only where they use the same adapter; two adapters at once
// cost twice the steps. So a freed slot goes to the oldest waiter whose adapter is already running,
// else to the oldest that fits. Nobody starves: a waiter that has been overtaken kMostOvertakes
// times per slot is next, and until it fits nothing else is let in. A free slot is never kept
// empty for an adapter's sake.
//
// Thread-safe; waiters are resumed on their own executor.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include <boost/asio/any_io_executor.hpp>

#include "base/cancel.h"
#include "base/task.h"

namespace understudy {

class SlotQueue : public std::enable_shared_from_this<SlotQueue> {
 public:
  static constexpr int64_t kMostOvertakes = 4;

  SlotQueue(int64_t slots, size_t most_waiting) : slots_(slots), most_waiting_(most_waiting) {}

  // Slots held; given back when it goes.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { Release(); }
    void Release();

   private:
    friend class SlotQueue;
    Lease(std::shared_ptr<SlotQueue> queue, int adapter, int64_t width)
        : queue_(std::move(queue)), adapter_(adapter), width_(width) {}
    std::shared_ptr<SlotQueue> queue_;
    int adapter_ = 0;
    int64_t width_ = 0;
  };

  // Waits for `width` slots (1 to slots). kTooMany, retryable, when too many wait already; the
  // cancellation's error when that comes first.
  Task<Result<Lease>> Acquire(int adapter, int64_t width, Cancellation& cancellation);

  size_t waiting() const;
  int64_t running() const;  // slots held

 private:
  struct Waiter;
  using Waiters = std::list<std::shared_ptr<Waiter>>;

  // All with mutex_ held.
  bool Fits(int64_t width) const { return running_ + width <= slots_; }
  void Take(int adapter, int64_t width);
  Waiters::iterator Next();
  void GrantAll();

  void GiveBack(int adapter, int64_t width);
  void Abandon(const std::shared_ptr<Waiter>& waiter);

  const int64_t slots_;
  const size_t most_waiting_;
  mutable std::mutex mutex_;
  int64_t running_ = 0;
  std::map<int, int64_t> running_by_adapter_;
  Waiters waiters_;  // oldest first
};

}  // namespace understudy
