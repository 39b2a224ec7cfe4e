#include "flywheel/router/isotonic.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace understudy {
namespace {

struct Bin {
  double scores = 0, ones = 0, rows = 0;  // sums

  void operator+=(const Bin& other) {
    scores += other.scores, ones += other.ones, rows += other.rows;
  }
};

std::vector<Bin> BinsOf(std::span<const double> scores, std::span<const uint8_t> y, size_t least) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return scores[i]; });
  std::vector<Bin> bins;
  Bin bin;
  for (size_t k = 0; k < order.size(); ++k) {
    const size_t i = order[k];
    bin += {scores[i], static_cast<double>(y[i]), 1};
    const bool last_of_its_score = k + 1 == order.size() || scores[order[k + 1]] > scores[i];
    if (bin.rows < static_cast<double>(least) || !last_of_its_score) continue;
    bins.push_back(bin);
    bin = {};
  }
  if (bin.rows > 0 && bins.empty()) bins.push_back(bin);
  if (bin.rows > 0 && bin.rows < static_cast<double>(least)) bins.back() += bin;
  return bins;
}

}  // namespace

std::vector<double> PoolAdjacentViolators(std::span<const double> values,
                                          std::span<const double> weights) {
  struct Pool {
    double sum, weight;
    size_t count;
    double mean() const { return sum / weight; }
  };
  std::vector<Pool> pools;
  for (size_t i = 0; i < values.size(); ++i) {
    pools.push_back({values[i] * weights[i], weights[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() >= pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().weight += last.weight;
      pools.back().count += last.count;
    }
  }
  std::vector<double> fitted;
  fitted.reserve(values.size());
  for (const Pool& pool : pools) fitted.insert(fitted.end(), pool.count, pool.mean());
  return fitted;
}

CalibrationTable FitIsotonic(std::span<const double> scores, std::span<const uint8_t> y,
                             size_t least_rows, size_t most_points) {
  CalibrationTable table;
  if (scores.empty()) return table;
  const size_t least = std::max(least_rows, (scores.size() + most_points - 1) / most_points);
  const std::vector<Bin> bins = BinsOf(scores, y, least);
  const double all = static_cast<double>(scores.size());
  const double share = std::accumulate(y.begin(), y.end(), 0.0) / all;
  std::vector<double> values, weights;
  for (const Bin& bin : bins) {
    values.push_back((bin.ones + share) / (bin.rows + 1));
    weights.push_back(bin.rows);
  }
  const std::vector<double> fitted = PoolAdjacentViolators(values, weights);
  for (size_t i = 0; i < bins.size();) {
    Bin pool;
    const double level = fitted[i];
    for (; i < bins.size() && fitted[i] == level; ++i) pool += bins[i];
    table.scores.push_back(pool.scores / pool.rows);
    table.probabilities.push_back(std::clamp(level, 0.0, 1.0));
  }
  return table;
}

}  // namespace understudy
