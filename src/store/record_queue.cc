#include "store/record_queue.h"

#include <boost/lockfree/spsc_queue.hpp>

namespace understudy {

// Counts only ever grow; each has one writing thread, on a cache line of its own.
struct RecordQueue::Ring {
  explicit Ring(size_t capacity) : items(capacity) {}
  boost::lockfree::spsc_queue<RecordItem*> items;
  struct alignas(64) Side {
    std::atomic<uint64_t> count{0}, bytes{0};
  };
  Side pushed, taken;
};

RecordQueue::RecordQueue(size_t rings, size_t capacity, size_t max_bytes)
    : capacity_(std::max<size_t>(1, capacity / std::max<size_t>(1, rings))),
      max_bytes_(max_bytes / std::max<size_t>(1, rings)) {
  for (size_t i = 0; i < std::max<size_t>(1, rings); ++i) {
    rings_.push_back(std::make_unique<Ring>(capacity_));
  }
}

RecordQueue::~RecordQueue() {
  for (auto& ring : rings_) {
    ring->items.consume_all([](RecordItem* item) { delete item; });
  }
}

bool RecordQueue::Push(size_t index, std::unique_ptr<RecordItem>& item) {
  Ring& ring = *rings_[index];
  const uint64_t waiting = ring.pushed.count.load(std::memory_order_relaxed) - ring.taken.count;
  const uint64_t held = ring.pushed.bytes.load(std::memory_order_relaxed) - ring.taken.bytes;
  if (waiting >= capacity_ || (waiting > 0 && held + item->bytes > max_bytes_)) return false;
  ring.pushed.bytes.fetch_add(item->bytes, std::memory_order_relaxed);
  if (!ring.items.push(item.get())) {
    ring.pushed.bytes.fetch_sub(item->bytes, std::memory_order_relaxed);
    return false;
  }
  (void)item.release();
  // Sequentially consistent, as are asleep_ and Empty(): either the writer sees this count before
  // it sleeps, or we see it asleep.
  ring.pushed.count.fetch_add(1);
  if (asleep_.load() && asleep_.exchange(false)) Hurry();  // only one of us need wake it
  return true;
}

void RecordQueue::Hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurry_ = true;
  }
  awake_.notify_one();
}

size_t RecordQueue::size() const {
  uint64_t total = 0;
  for (const auto& ring : rings_) {
    const uint64_t taken = ring->taken.count.load();  // first: it never passes what was pushed
    total += ring->pushed.count.load() - taken;
  }
  return total;
}

bool RecordQueue::Empty() const {
  return size() == 0;
}

void RecordQueue::Take(size_t max_items, size_t max_bytes,
                       std::vector<std::unique_ptr<RecordItem>>& items) {
  size_t bytes = 0;
  for (size_t i = 0; i < rings_.size(); ++i) {
    Ring& ring = *rings_[(next_ring_ + i) % rings_.size()];
    // Only what is counted: the count is what wakes us and what `size` tells.
    uint64_t ready = ring.pushed.count.load() - ring.taken.count.load(std::memory_order_relaxed);
    RecordItem* item = nullptr;
    for (; ready > 0 && items.size() < max_items && bytes < max_bytes; --ready) {
      ring.items.pop(item);
      bytes += item->bytes;
      ring.taken.bytes.fetch_add(item->bytes, std::memory_order_relaxed);
      ring.taken.count.fetch_add(1);
      items.emplace_back(item);
    }
  }
  next_ring_ = (next_ring_ + 1) % rings_.size();
}

void RecordQueue::WaitForItems() {
  std::unique_lock lock(mutex_);
  asleep_.store(true);
  if (Empty()) awake_.wait(lock, [this] { return hurry_; });
  asleep_.store(false);
  hurry_ = false;
}

void RecordQueue::SleepUntil(Monotonic end) {
  std::unique_lock lock(mutex_);
  awake_.wait_until(lock, end, [this] { return hurry_; });
  hurry_ = false;
}

}  // namespace understudy
