// Keeps a repeated event from filling the log. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace understudy {

class OnceAMinute {
 public:
  // True for the first call, and then once a minute at most.
  bool operator()() {
    const auto now = Clock::System().Now().time_since_epoch().count();
    int64_t next = next_.load(std::memory_order_relaxed);
    if (now < next) return false;
    const auto minute = std::chrono::steady_clock::duration(std::chrono::minutes(1)).count();
    return next_.compare_exchange_strong(next, now + minute, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> next_{INT64_MIN};
};

}  // namespace understudy
