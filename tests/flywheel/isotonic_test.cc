#include "flywheel/router/isotonic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace understudy {
namespace {

using testing::ElementsAre;

TEST(Isotonic, PoolsNeighboursThatFall) {
  const std::vector<double> ones(6, 1);
  EXPECT_THAT(PoolAdjacentViolators(std::vector<double>{1, 2, 3}, {ones.data(), 3}),
              ElementsAre(1, 2, 3));
  EXPECT_THAT(PoolAdjacentViolators(std::vector<double>{1, 3, 2, 4, 3, 5}, ones),
              ElementsAre(1, 2.5, 2.5, 3.5, 3.5, 5));
  EXPECT_THAT(PoolAdjacentViolators(std::vector<double>{3, 2, 1}, {ones.data(), 3}),
              ElementsAre(2, 2, 2));
  EXPECT_THAT(PoolAdjacentViolators(std::vector<double>{4, 1}, std::vector<double>{1, 3}),
              ElementsAre(1.75, 1.75));
  EXPECT_TRUE(PoolAdjacentViolators({}, {}).empty());
}

// No never-falling sequence on a grid is nearer than the one that pooling finds.
TEST(Isotonic, IsTheLeastSquaresSolution) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(4), weights(4);
    for (double& value : values) value = static_cast<double>(random() % 5);
    for (double& weight : weights) weight = 1 + static_cast<double>(random() % 3);
    const auto cost = [&](std::span<const double> fit) {
      double sum = 0;
      for (size_t i = 0; i < 4; ++i) sum += weights[i] * std::pow(values[i] - fit[i], 2);
      return sum;
    };
    const double best = cost(PoolAdjacentViolators(values, weights));
    for (double a = 0; a <= 4; a += 0.5) {
      for (double b = a; b <= 4; b += 0.5) {
        for (double c = b; c <= 4; c += 0.5) {
          for (double d = c; d <= 4; d += 0.5) {
            ASSERT_LE(best, cost(std::vector<double>{a, b, c, d}) + 1e-9);
          }
        }
      }
    }
  }
}

TEST(Isotonic, CalibratesScores) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> scores;
  std::vector<uint8_t> y;
  for (int i = 0; i < 20'000; ++i) {
    scores.push_back(8 * uniform(random) - 4);
    // Half as sure as the score says.
    y.push_back(uniform(random) < 1 / (1 + std::exp(-scores.back() / 2)));
  }
  const CalibrationTable table = FitIsotonic(scores, y);
  for (double score = -3.5; score <= 3.5; score += 0.5) {
    EXPECT_NEAR(table.At(score), 1 / (1 + std::exp(-score / 2)), 0.06) << score;
  }
}

TEST(Isotonic, FewRowsNeverMakeCertainty) {
  const CalibrationTable table =
      FitIsotonic(std::vector<double>{1, 2, 3}, std::vector<uint8_t>{0, 1, 1});
  EXPECT_THAT(table.scores, ElementsAre(2));
  EXPECT_NEAR(table.probabilities[0], 2.0 / 3, 1e-12);
  EXPECT_TRUE(FitIsotonic({}, {}).scores.empty());
  std::vector<double> scores;
  std::vector<uint8_t> y;
  for (int i = 0; i < 40; ++i) scores.push_back(i), y.push_back(i >= 20);
  const CalibrationTable split = FitIsotonic(scores, y);
  EXPECT_GT(split.probabilities.front(), 0);
  EXPECT_LT(split.probabilities.back(), 1);
}

TEST(Isotonic, EqualScoresStayTogether) {
  const std::vector<double> scores(50, 0.5);
  std::vector<uint8_t> y(50, 0);
  for (size_t i = 0; i < 25; ++i) y[i] = 1;
  const CalibrationTable table = FitIsotonic(scores, y);
  EXPECT_THAT(table.scores, ElementsAre(0.5));
  EXPECT_NEAR(table.probabilities[0], 0.5, 1e-12);
}

}  // namespace
}  // namespace understudy
