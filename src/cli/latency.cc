#include "cli/latency.h"

#include <cmath>

#include "cli/text.h"

namespace understudy {
namespace {

std::string Shown(int64_t us) {
  return HumanDuration(static_cast<double>(us) / 1e6);
}

}  // namespace

int64_t Latencies::PercentileUs(double share) const {
  if (values_us_.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(values_us_.size()));
  const auto index = static_cast<ptrdiff_t>(std::max(1.0, rank)) - 1;
  const auto nth = values_us_.begin() + std::min<ptrdiff_t>(index, std::ssize(values_us_) - 1);
  std::ranges::nth_element(values_us_, nth);
  return *nth;
}

std::string Latencies::Describe() const {
  if (empty()) return "-";
  return fmt::format("p50 {}  p90 {}  p99 {}  max {}", Shown(PercentileUs(0.5)),
                     Shown(PercentileUs(0.9)), Shown(PercentileUs(0.99)), Shown(PercentileUs(1)));
}

json::object Latencies::ToJson() const {
  return {{"p50_us", PercentileUs(0.5)},
          {"p90_us", PercentileUs(0.9)},
          {"p99_us", PercentileUs(0.99)},
          {"max_us", PercentileUs(1)}};
}

}  // namespace understudy
