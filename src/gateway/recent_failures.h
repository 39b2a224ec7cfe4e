// Requests that a model failed a moment ago. Clients repeat a request that failed them, byte for
// byte and within seconds; the model that just failed it is then not asked first.
//
// A few seconds of memory for a bounded number of requests, as hashes. Thread-safe; costs a request
// nothing while nothing fails.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace understudy {

class RecentFailures {
 public:
  static constexpr std::chrono::seconds kRemembered{10};
  static constexpr size_t kMost = 1024;  // the oldest is forgotten for one more

  explicit RecentFailures(const Clock& clock) : clock_(clock) {}

  // `origin`: who asks, as in the exchange. Two origins' requests are two requests.
  void Note(std::string_view origin, std::string_view body, std::string_view model);
  bool Failed(std::string_view origin, std::string_view body, std::string_view model) const;

 private:
  struct Entry {
    Hash128 request;
    std::string model;
    Monotonic until{};
  };
  static Hash128 KeyOf(std::string_view origin, std::string_view body);

  const Clock& clock_;
  std::atomic<Monotonic::rep> latest_{0};  // when the last one is forgotten
  mutable std::mutex mutex_;
  std::array<Entry, kMost> entries_;  // a ring, guarded by mutex_
  size_t next_ = 0;
};

}  // namespace understudy
