// What happened to one model since it was made: for /metrics and the dashboard. A snapshot is not
// atomic over its members.
#pragma once

#include <atomic>
#include <cstdint>

namespace understudy {

struct ModelCounts {
  uint64_t requests = 0;        // given to the model, refused ones included
  uint64_t failures = 0;        // ended in an error; neither cancelled nor refused
  uint64_t retries = 0;         // extra tries
  uint64_t refused_full = 0;    // over max_concurrent
  uint64_t refused_open = 0;    // the circuit was open
  uint64_t circuit_opened = 0;  // times
  int64_t running = 0;          // now
};

// The counters behind a snapshot. Thread-safe.
struct ModelCounters {
  std::atomic<uint64_t> requests{0}, failures{0}, retries{0}, refused_full{0}, refused_open{0};

  static void Add(std::atomic<uint64_t>& counter, uint64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
  }
  ModelCounts Snapshot() const {
    ModelCounts counts;
    counts.requests = requests.load(std::memory_order_relaxed);
    counts.failures = failures.load(std::memory_order_relaxed);
    counts.retries = retries.load(std::memory_order_relaxed);
    counts.refused_full = refused_full.load(std::memory_order_relaxed);
    counts.refused_open = refused_open.load(std::memory_order_relaxed);
    return counts;
  }
};

}  // namespace understudy
