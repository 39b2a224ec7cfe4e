// Latencies of a run, and their percentiles, exact: every value is kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace understudy {

class Latencies {
 public:
  void Add(int64_t us) { values_us_.push_back(us); }
  void Add(const Latencies& more) {
    values_us_.insert(values_us_.end(), more.values_us_.begin(), more.values_us_.end());
  }
  bool empty() const { return values_us_.empty(); }
  // The smallest value that at least `share` (0 to 1) of all values do not exceed: nearest rank.
  // 0 when there are none.
  int64_t PercentileUs(double share) const;

  std::string Describe() const;  // "p50 1.2 ms  p90 ...  p99 ...  max ..."
  json::object ToJson() const;   // {"p50_us":...,"p90_us":...,"p99_us":...,"max_us":...}

 private:
  mutable std::vector<int64_t> values_us_;  // reordered by PercentileUs
};

}  // namespace understudy
