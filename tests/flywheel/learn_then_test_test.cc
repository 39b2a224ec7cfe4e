#include "flywheel/router/learn_then_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "base/binomial.h"

namespace understudy {
namespace {

TEST(LearnThenTest, CountsWhatEachPolicyServesAndStopsAtTheFirstThatFails) {
  // 100 rows: 60 served from the strictest policy on, 20 more by the second, of which 5 wrong, the
  // rest by none.
  std::vector<TestRow> rows(100, {.served_from = 3, .right = false});
  for (size_t i = 0; i < 60; ++i) rows[i] = {0, true};
  for (size_t i = 60; i < 80; ++i) rows[i] = {1, i >= 65};
  const SequenceTest test = TestInSequence(rows, 3, {.worse = 0.05, .sure = 0.95});
  ASSERT_EQ(test.policies.size(), 3u);
  EXPECT_EQ(test.rows, 100);
  EXPECT_EQ(test.policies[0].served, 60);
  EXPECT_EQ(test.policies[0].wrong, 0);
  EXPECT_NEAR(test.policies[0].p_value, std::pow(0.95, 100), 1e-12);
  EXPECT_TRUE(test.policies[0].passed);
  EXPECT_EQ(test.policies[1].served, 80);
  EXPECT_EQ(test.policies[1].wrong, 5);
  EXPECT_FALSE(test.policies[1].passed);
  EXPECT_FALSE(test.policies[2].passed);
  EXPECT_EQ(test.loosest, 0u);
}

TEST(LearnThenTest, NothingPassesBehindAPolicyThatFailed) {
  // Policies need not be ordered by their losses; here the first serves what is wrong.
  std::vector<TestRow> rows(200, {.served_from = 1, .right = true});
  for (size_t i = 0; i < 20; ++i) rows[i] = {0, false};
  const SequenceTest test = TestInSequence(rows, 2, {});
  EXPECT_FALSE(test.loosest);
  EXPECT_FALSE(test.policies[1].passed);
}

TEST(LearnThenTest, WithoutRowsNothingPasses) {
  EXPECT_FALSE(TestInSequence({}, 3, {}).loosest);
  EXPECT_FALSE(TestInSequence(std::vector<TestRow>(58, {0, true}), 1, {}).loosest);
  EXPECT_TRUE(TestInSequence(std::vector<TestRow>(59, {0, true}), 1, {}).loosest);
}

TEST(LearnThenTest, SaysHowManyRowsAPromiseTakes) {
  EXPECT_EQ(RowsNeeded(0, {.worse = 0.05, .sure = 0.95}), 59);
  EXPECT_EQ(RowsNeeded(0, {.worse = 0.02, .sure = 0.95}), 149);
  EXPECT_EQ(RowsNeeded(0, {.worse = 0.05, .sure = 0.99}), 90);
  EXPECT_FALSE(RowsNeeded(0.05, {.worse = 0.05, .sure = 0.95}));
  EXPECT_FALSE(RowsNeeded(0.04999, {.worse = 0.05, .sure = 0.95}));
  for (const double loss : {0.005, 0.01, 0.02, 0.03, 0.04}) {
    const Promise promise{.worse = 0.05, .sure = 0.95};
    const auto rows = RowsNeeded(loss, promise);
    ASSERT_TRUE(rows) << loss;
    const auto losses = [&](int64_t n) { return std::ceil(loss * static_cast<double>(n) - 1e-9); };
    const auto p = [&](int64_t n) { return BinomialCdf(static_cast<int64_t>(losses(n)), n, 0.05); };
    EXPECT_LE(p(*rows), 0.05) << loss;
    for (int64_t n = 1; n < *rows; ++n) ASSERT_GT(p(n), 0.05) << loss << " " << n;
  }
}

// The promise itself: over thousands of logs, drawn from a world in which the risk of every policy
// is known, the chosen policy's true risk is above `worse` in no more than 1 - sure of them.
struct World {
  std::string_view name;
  std::function<double(double)> right;  // chance that the answer to a call of this score is right
};
constexpr size_t kPolicies = 100;  // policy k serves the scores from 1 - (k + 1) / 100 on

std::vector<double> RisksOf(const World& world) {
  std::vector<double> risk(kPolicies);
  double sum = 0;
  for (size_t k = 0; k < kPolicies; ++k) {
    const double score = 1 - (static_cast<double>(k) + 0.5) / kPolicies;
    sum += (1 - world.right(score)) / kPolicies;
    risk[k] = sum;
  }
  return risk;
}

double ViolatedShare(const World& world, const Promise& promise, size_t rows, int logs) {
  const std::vector<double> risk = RisksOf(world);
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform;
  int violated = 0;
  for (int log = 0; log < logs; ++log) {
    std::vector<TestRow> drawn(rows);
    for (TestRow& row : drawn) {
      row.served_from = static_cast<size_t>(uniform(random) * kPolicies);
      const double score = 1 - (static_cast<double>(row.served_from) + 0.5) / kPolicies;
      row.right = uniform(random) < world.right(score);
    }
    const SequenceTest test = TestInSequence(drawn, kPolicies, promise);
    violated += test.loosest && risk[*test.loosest] > promise.worse;
  }
  return static_cast<double>(violated) / logs;
}

TEST(LearnThenTest, ThePromiseHoldsWhateverTheScoresAreWorth) {
  const World worlds[] = {
      {"good scores", [](double score) { return 1 - 0.6 * std::pow(1 - score, 2); }},
      {"useless scores", [](double) { return 0.8; }},
      {"anti-correlated scores", [](double score) { return 1 - 0.5 * score; }},
      {"always right", [](double) { return 1.0; }},
      {"always wrong", [](double) { return 0.0; }},
      {"wrong where surest", [](double score) { return score > 0.9 ? 0.2 : 0.99; }},
  };
  constexpr int kLogs = 3000;
  for (const Promise& promise : {Promise{0.05, 0.95}, Promise{0.1, 0.9}, Promise{0.2, 0.8}}) {
    const double allowed = 1 - promise.sure;
    const double noise = 3.5 * std::sqrt(allowed * (1 - allowed) / kLogs);
    for (const World& world : worlds) {
      for (const size_t rows : {40u, 120u, 400u}) {
        const double violated = ViolatedShare(world, promise, rows, kLogs);
        EXPECT_LE(violated, allowed + noise)
            << world.name << ", " << rows << " rows, worse " << promise.worse;
        // The bound is not kept by serving nothing: with rows enough it is nearly used up.
        const bool binds = RisksOf(world).back() > 1.2 * promise.worse;
        if (binds && rows == 400) {
          EXPECT_GT(violated, allowed / 20) << world.name << ", worse " << promise.worse;
        }
      }
    }
  }
}

}  // namespace
}  // namespace understudy
