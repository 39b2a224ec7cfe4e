#include "flywheel/deploy/e_process.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace understudy {
namespace {

constexpr size_t kBets = 24;
constexpr int64_t kManyRows = int64_t{1} << 40;

// The shares that are betted on. Towards A they lie closer, as shares near it take long to tell
// from it and are worth betting on, while the far ones win at once with any bet.
std::array<double, kBets> Alternatives(Claim against, double share) {
  std::array<double, kBets> all{};
  for (size_t i = 0; i < kBets; ++i) {
    const double far = static_cast<double>(kBets - i) / kBets;  // 1 down to 1/kBets
    all[i] = against == Claim::kAbove ? share * (1 - far) : share + (1 - share) * far * far;
  }
  return all;
}

// count * log(ratio), where none of nothing is nothing.
double Times(int64_t count, double ratio) {
  return count == 0 ? 0 : static_cast<double>(count) * std::log(ratio);
}

}  // namespace

// Betting on the share q wins q/A on an error and (1-q)/(1-A) on none: the likelihoods' ratio.
double LogWealth(Claim against, double share, const ErrorCounts& counts) {
  std::array<double, kBets> logs{};
  const auto shares = Alternatives(against, share);
  for (size_t i = 0; i < kBets; ++i) {
    logs[i] = Times(counts.errors, shares[i] / share) +
              Times(counts.rows - counts.errors, (1 - shares[i]) / (1 - share));
  }
  const double most = *std::ranges::max_element(logs);
  if (most == -std::numeric_limits<double>::infinity()) return most;
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - most);
  return most + std::log(sum / kBets);
}

bool Refuted(Claim claim, double share, double sure, const ErrorCounts& counts) {
  return LogWealth(claim, share, counts) >= -std::log(1 - sure);
}

int64_t CleanRowsMissing(double share, double sure, const ErrorCounts& counts) {
  int64_t most = 1;
  const auto enough = [&](int64_t more) {
    return Refuted(Claim::kAbove, share, sure, {counts.rows + more, counts.errors});
  };
  if (enough(0)) return 0;
  while (!enough(most) && most < kManyRows) most *= 2;
  int64_t least = most / 2;
  while (least + 1 < most) {
    const int64_t middle = least + (most - least) / 2;
    (enough(middle) ? most : least) = middle;
  }
  return most;
}

}  // namespace understudy
