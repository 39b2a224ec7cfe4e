#include "flywheel/router/logistic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

namespace understudy {
namespace {

using testing::DoubleNear;

std::vector<uint32_t> All(size_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

struct Drawn {
  Matrix x;
  std::vector<uint8_t> y;
};

// Rows whose log-odds are 0.5 + 2 a - 1 b.
Drawn Draw(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Drawn drawn{Matrix(count, 2), {}};
  for (size_t i = 0; i < count; ++i) {
    const auto row = drawn.x.Row(i);
    row[0] = normal(random), row[1] = normal(random);
    const double p = 1 / (1 + std::exp(-(0.5 + 2 * row[0] - row[1])));
    drawn.y.push_back(uniform(random) < p);
  }
  return drawn;
}

TEST(Logistic, FindsTheWeightsThatRowsWereDrawnFrom) {
  const Drawn drawn = Draw(20'000, 1);
  const LogisticFit fit = FitLogistic(drawn.x, drawn.y, All(20'000), {.l2 = 1e-6});
  EXPECT_TRUE(fit.converged);
  EXPECT_LT(fit.steps, 15);
  EXPECT_THAT(fit.bias, DoubleNear(0.5, 0.08));
  EXPECT_THAT(fit.weights[0], DoubleNear(2, 0.12));
  EXPECT_THAT(fit.weights[1], DoubleNear(-1, 0.08));
}

// At the answer the slopes are nought: sum (p - y) x + l2 w = 0, and the bias's without its pull.
TEST(Logistic, EndsWhereTheSlopeIsNought) {
  const Drawn drawn = Draw(300, 2);
  const LogisticFit fit = FitLogistic(drawn.x, drawn.y, All(300), {.l2 = 3});
  std::vector<double> slope = {3 * fit.weights[0], 3 * fit.weights[1]};
  for (size_t i = 0; i < 300; ++i) {
    const double p = 1 / (1 + std::exp(-fit.Score(drawn.x.Row(i))));
    for (size_t c = 0; c < 2; ++c) slope[c] += (p - drawn.y[i]) * drawn.x.Row(i)[c];
  }
  EXPECT_NEAR(slope[0], 0, 1e-5);
  EXPECT_NEAR(slope[1], 0, 1e-5);
}

TEST(Logistic, AStartChangesNothingButTheSteps) {
  const Drawn drawn = Draw(500, 3);
  const auto rows = All(500);
  const LogisticFit cold = FitLogistic(drawn.x, drawn.y, rows, {.l2 = 1});
  const LogisticFit far = FitLogistic(drawn.x, drawn.y, rows, {.l2 = 100});
  const LogisticFit warm = FitLogistic(drawn.x, drawn.y, rows, {.l2 = 1}, &far);
  EXPECT_NEAR(cold.weights[0], warm.weights[0], 1e-6);
  EXPECT_NEAR(cold.bias, warm.bias, 1e-6);
  const LogisticFit same = FitLogistic(drawn.x, drawn.y, rows, {.l2 = 1}, &cold);
  EXPECT_LE(same.steps, 1);
}

TEST(Logistic, SeparableRowsAndRowsOfOneKindHaveAnAnswer) {
  Matrix x(8, 1);
  std::vector<uint8_t> y;
  for (size_t i = 0; i < 8; ++i) {
    x.Row(i)[0] = i < 4 ? -1 : 1;
    y.push_back(i >= 4);
  }
  const LogisticFit split = FitLogistic(x, y, All(8), {.l2 = 0.1});
  EXPECT_TRUE(split.converged);
  EXPECT_GT(split.weights[0], 1);
  EXPECT_LT(split.weights[0], 20);
  const LogisticFit ones = FitLogistic(x, std::vector<uint8_t>(8, 1), All(8), {});
  EXPECT_TRUE(ones.converged);
  EXPECT_GT(ones.bias, 1);
  EXPECT_LT(ones.bias, 20);
  EXPECT_NEAR(ones.weights[0], 0, 0.05);
  const LogisticFit none = FitLogistic(Matrix(0, 3), {}, {}, {});
  EXPECT_TRUE(none.converged);
  EXPECT_EQ(none.bias, 0);
}

TEST(Logistic, ColumnsThatSayNothingAreLeftOut) {
  Matrix x(4, 3);
  const double nan = std::nan("");
  const double values[4][3] = {{1, 5, 7}, {3, 5, nan}, {1, 5, 9}, {3, 5, nan}};
  for (size_t i = 0; i < 4; ++i) std::ranges::copy(values[i], x.Row(i).begin());
  const Columns columns = MeasureColumns(x, All(4));
  EXPECT_THAT(columns.means, testing::ElementsAre(2, 5, 8));
  EXPECT_THAT(columns.deviations, testing::ElementsAre(1, 0, 1));
  Standardize(x, columns);
  EXPECT_THAT(x.values, testing::ElementsAre(-1, 0, -1, 1, 0, 0, -1, 0, 1, 1, 0, 0));
}

TEST(Logistic, CholeskySolvesAndRefuses) {
  std::vector<double> a = {4, 0, 0, 2, 5, 0, 2, 1, 6}, b = {8, 8, 9};  // x = 1, 1, 1
  ASSERT_TRUE(SolveCholesky(a, b));
  for (const double x : b) EXPECT_NEAR(x, 1, 1e-12);
  std::vector<double> flat = {1, 0, 1, 1}, one = {1, 1};
  EXPECT_FALSE(SolveCholesky(flat, one));
}

}  // namespace
}  // namespace understudy
