#include "gateway/recent_failures.h"

#include <algorithm>

namespace understudy {

Hash128 RecentFailures::KeyOf(std::string_view origin, std::string_view body) {
  Hash128 key = FastHash128(body);
  key.low ^= FastHash(origin);
  return key;
}

void RecentFailures::Note(std::string_view origin, std::string_view body, std::string_view model) {
  const Hash128 key = KeyOf(origin, body);
  const Monotonic until = clock_.Now() + kRemembered;
  const std::lock_guard lock(mutex_);
  entries_[next_] = {key, std::string(model), until};
  next_ = (next_ + 1) % kMost;
  latest_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

bool RecentFailures::Failed(std::string_view origin, std::string_view body,
                            std::string_view model) const {
  const Monotonic now = clock_.Now();
  if (latest_.load(std::memory_order_relaxed) <= now.time_since_epoch().count()) return false;
  const Hash128 key = KeyOf(origin, body);
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.until > now && entry.request == key && entry.model == model;
  });
}

}  // namespace understudy
