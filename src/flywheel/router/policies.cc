#include "flywheel/router/policies.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "flywheel/router/isotonic.h"
#include "route/acceptance_model.h"

namespace understudy {
namespace {

constexpr size_t kQuantiles = 150;
constexpr double kStrictest = 0.999, kGridStep = 0.0025;

std::vector<double> Thresholds(std::span<const double> after, double least) {
  std::vector<double> sorted(after.begin(), after.end());
  std::ranges::sort(sorted);
  std::vector<double> thresholds;
  for (double grid = kStrictest; grid > least; grid -= kGridStep) thresholds.push_back(grid);
  for (size_t i = 0; i < kQuantiles && !sorted.empty(); ++i) {
    const double value = sorted[i * sorted.size() / kQuantiles];
    if (value > least && value < kStrictest) thresholds.push_back(value);
  }
  thresholds.push_back(least);
  std::ranges::sort(thresholds, std::greater<>());
  thresholds.erase(std::ranges::unique(thresholds).begin(), thresholds.end());
  return thresholds;
}

// The least P before at which the share of kept answers reaches `keep`.
double Gate(std::span<const double> before, std::span<const uint8_t> kept, double keep) {
  const CalibrationTable table = FitIsotonic(before, kept);
  for (size_t i = 0; i < table.scores.size(); ++i) {
    if (table.probabilities[i] < keep) continue;
    if (i == 0) return keep;
    const double rise = table.probabilities[i] - table.probabilities[i - 1];
    const double share = (keep - table.probabilities[i - 1]) / rise;
    const double at = table.scores[i - 1] + share * (table.scores[i] - table.scores[i - 1]);
    return std::max(keep, at);
  }
  return kNeverServed;
}

}  // namespace

std::vector<Policy> MakePolicies(std::span<const double> before, std::span<const double> after,
                                 const PolicyLimits& limits) {
  std::vector<Policy> policies;
  std::vector<uint8_t> kept(after.size());
  double gate = kNeverServed;
  for (const double threshold : Thresholds(after, limits.least)) {
    for (size_t i = 0; i < after.size(); ++i) kept[i] = after[i] >= threshold;
    gate = std::min(gate, Gate(before, kept, limits.keep));
    policies.push_back({.before = gate, .after = threshold});
  }
  return policies;
}

}  // namespace understudy
