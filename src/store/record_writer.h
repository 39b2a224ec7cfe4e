// The writer thread's work: takes from the queue, commits, and does not give up.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/options.h"
#include "store/once_a_minute.h"
#include "store/record_queue.h"
#include "store/usage_store.h"

namespace understudy {

// Read by any thread.
struct RecordTally {
  std::atomic<uint64_t> recorded{0}, unrecorded{0}, commits{0}, writer_cpu_us{0};
  std::atomic<uint64_t> in_hand{0};  // taken from the queue, not yet committed
};

class RecordWriter {
 public:
  RecordWriter(std::unique_ptr<UsageStore> store, const RecordOptions& options, RecordQueue& queue,
               RecordTally& tally);

  // The thread: until Stop, and then until the queue is empty.
  void Run();
  // From any thread. A store that fails is then tried for two more seconds.
  void Stop();
  // The last attempt failed, so a strict call need not wait for the next.
  bool failing() const { return failing_.load(std::memory_order_relaxed); }

 private:
  bool Collect();
  void Commit();
  Status Append();
  void AppendSingly();
  void Done();
  void Failed(const Error& error);
  bool GivenUp() const;
  void Answer(const Status& result);

  std::unique_ptr<UsageStore> store_;
  const bool strict_;
  const std::chrono::milliseconds commit_every_;
  RecordQueue& queue_;
  RecordTally& tally_;

  Monotonic collected_at_{};
  std::vector<std::unique_ptr<RecordItem>> items_;
  std::vector<Exchange> batch_;
  std::vector<std::shared_ptr<RecordWaiter>> waiters_;

  std::atomic<bool> stopping_{false}, failing_{false};
  std::atomic<int64_t> give_up_ns_{0};  // steady clock
  OnceAMinute log_;
};

}  // namespace understudy
