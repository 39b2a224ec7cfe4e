#include "flywheel/deploy/e_process.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace understudy {
namespace {

// By number of rows: the most errors (kAbove) with which the claim is refuted, -1 for none; or the
// least (kBelow), more than the rows for none. Both only grow with the rows, which makes looking
// after every row of thousands of streams cheap.
std::vector<int64_t> Limits(Claim claim, double share, double sure, int rows) {
  std::vector<int64_t> limits;
  int64_t limit = claim == Claim::kAbove ? -1 : 0;
  for (int64_t n = 0; n <= rows; ++n) {
    if (claim == Claim::kAbove) {
      while (limit < n && Refuted(claim, share, sure, {n, limit + 1})) ++limit;
    } else {
      while (limit <= n && !Refuted(claim, share, sure, {n, limit})) ++limit;
    }
    limits.push_back(limit);
  }
  return limits;
}

// The share of streams in which a claim is ever refuted, looked at after every row.
double ShareRefuted(Claim claim, double share, double sure, double truth, int streams, int rows,
                    uint64_t seed) {
  const auto limits = Limits(claim, share, sure, rows);
  std::mt19937_64 random(seed);
  std::bernoulli_distribution error(truth);
  int refuted = 0;
  for (int i = 0; i < streams; ++i) {
    int64_t errors = 0;
    for (size_t row = 1; row < limits.size(); ++row) {
      errors += error(random);
      const bool now = claim == Claim::kAbove ? errors <= limits[row] : errors >= limits[row];
      if (!now) continue;
      ++refuted;
      break;
    }
  }
  return static_cast<double>(refuted) / streams;
}

TEST(EProcess, BeginsAsOneAndIsTheMeanOfTheBets) {
  for (const Claim claim : {Claim::kAbove, Claim::kBelow}) {
    EXPECT_NEAR(LogWealth(claim, 0.05, {}), 0, 1e-12);
    // A fair game: over one row whose chance of an error is A, the wealth stays 1 in the mean.
    const double mean = 0.05 * std::exp(LogWealth(claim, 0.05, {1, 1})) +
                        0.95 * std::exp(LogWealth(claim, 0.05, {1, 0}));
    EXPECT_NEAR(mean, 1, 1e-12);
  }
}

// The whole distribution, not a sample of it: E[wealth] is 1 at the claim's edge after any number
// of rows, and less where the claim holds by more.
TEST(EProcess, GainsNothingWhereTheClaimHolds) {
  constexpr int kRows = 60;
  const auto mean = [](Claim claim, double share, double truth) {
    double sum = 0;
    for (int errors = 0; errors <= kRows; ++errors) {
      const double log_chance = std::lgamma(kRows + 1) - std::lgamma(errors + 1) -
                                std::lgamma(kRows - errors + 1) + errors * std::log(truth) +
                                (kRows - errors) * std::log(1 - truth);
      sum += std::exp(log_chance + LogWealth(claim, share, {kRows, errors}));
    }
    return sum;
  };
  EXPECT_NEAR(mean(Claim::kAbove, 0.1, 0.1), 1, 1e-9);
  EXPECT_NEAR(mean(Claim::kBelow, 0.1, 0.1), 1, 1e-9);
  EXPECT_LT(mean(Claim::kAbove, 0.1, 0.2), 1);
  EXPECT_LT(mean(Claim::kBelow, 0.1, 0.05), 1);
  EXPECT_GT(mean(Claim::kAbove, 0.1, 0.02), 10);
  EXPECT_GT(mean(Claim::kBelow, 0.1, 0.4), 10);
}

TEST(EProcess, WronglyRefutesNoMoreOftenThanPromised) {
  // 10,000 streams each; three standard deviations above 5 % are 5.65 %.
  EXPECT_LE(ShareRefuted(Claim::kAbove, 0.02, 0.95, 0.02, 10'000, 2000, 1), 0.0565);
  EXPECT_LE(ShareRefuted(Claim::kAbove, 0.10, 0.95, 0.10, 10'000, 2000, 2), 0.0565);
  EXPECT_LE(ShareRefuted(Claim::kAbove, 0.02, 0.95, 0.03, 10'000, 2000, 3), 0.02);
  EXPECT_LE(ShareRefuted(Claim::kBelow, 0.02, 0.95, 0.02, 10'000, 2000, 4), 0.0565);
  EXPECT_LE(ShareRefuted(Claim::kBelow, 0.02, 0.95, 0.01, 10'000, 2000, 5), 0.03);
}

// Rows that depend on those before them, as an adversary would have it: the chance of an error is A
// at least, and higher whenever the gambler is ahead.
TEST(EProcess, HoldsAgainstRowsThatAnswerToTheWealth) {
  constexpr int kRows = 1000;
  const auto ahead = Limits(Claim::kAbove, 0.05, 0.6, kRows);  // wealth of 2.5
  const auto won = Limits(Claim::kAbove, 0.05, 0.95, kRows);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> chance(0, 1);
  int refuted = 0;
  for (int i = 0; i < 10'000; ++i) {
    int64_t errors = 0;
    for (size_t row = 1; row <= kRows; ++row) {
      errors += chance(random) < (errors <= ahead[row - 1] ? 0.3 : 0.05);
      if (errors > won[row]) continue;
      ++refuted;
      break;
    }
  }
  EXPECT_LE(refuted / 10'000.0, 0.0565);
}

TEST(EProcess, FindsWhatIsThere) {
  EXPECT_GE(ShareRefuted(Claim::kAbove, 0.05, 0.95, 0.005, 500, 1000, 11), 0.95);
  EXPECT_GE(ShareRefuted(Claim::kBelow, 0.05, 0.95, 0.30, 500, 200, 12), 0.99);
  EXPECT_FALSE(Refuted(Claim::kAbove, 0.02, 0.95, {100, 0}));
  EXPECT_TRUE(Refuted(Claim::kAbove, 0.02, 0.95, {400, 0}));
}

TEST(EProcess, SaysHowManyRowsAreMissing) {
  for (const ErrorCounts counts : {ErrorCounts{0, 0}, ErrorCounts{100, 1}, ErrorCounts{50, 20}}) {
    const int64_t missing = CleanRowsMissing(0.02, 0.95, counts);
    ASSERT_GT(missing, 0);
    EXPECT_TRUE(Refuted(Claim::kAbove, 0.02, 0.95, {counts.rows + missing, counts.errors}));
    EXPECT_FALSE(Refuted(Claim::kAbove, 0.02, 0.95, {counts.rows + missing - 1, counts.errors}));
  }
  EXPECT_EQ(CleanRowsMissing(0.02, 0.95, {1000, 0}), 0);
}

TEST(EProcess, StaysANumberForManyRows) {
  const int64_t many = int64_t{1} << 40;
  EXPECT_TRUE(std::isfinite(LogWealth(Claim::kAbove, 0.5, {many, many / 2})));
  EXPECT_TRUE(Refuted(Claim::kBelow, 0.02, 0.95, {many, many}));
  EXPECT_FALSE(Refuted(Claim::kAbove, 0.02, 0.95, {many, many}));
}

}  // namespace
}  // namespace understudy
