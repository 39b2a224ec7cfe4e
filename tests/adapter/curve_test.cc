#include "adapter/curve.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/golden.h"

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Curve, TicksAreRoundNumbers) {
  EXPECT_THAT(Ticks(0, 100, 6), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(Ticks(1.3, 4.1, 4), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(Ticks(5, 5, 6).size(), ::testing::Ge(2u));
  EXPECT_THAT(Ticks(0, 0, 6).back(), ::testing::Ge(1.0));
  EXPECT_LE(Ticks(0, 1e9, 8).size(), 12u);
}

TEST(Curve, DrawsTrainAndValid) {
  Curve train{"train", {}}, valid{"valid <&>", {}};
  for (int i = 0; i <= 20; ++i) train.points.push_back({i * 10.0, 3.0 * std::exp(-i / 6.0)});
  valid.points = {{0, 3.1}, {100, NAN}, {200, 0.25}};
  EXPECT_TRUE(MatchesGolden("adapter/golden/curve.svg", CurveSvg({train, valid}, "labels: loss")));
}

TEST(Curve, StaysSmallHoweverLong) {
  Curve curve{"train", {}};
  for (int i = 0; i < 100'000; ++i) curve.points.push_back({i * 1.0, 2.0 + std::sin(i)});
  const std::string svg = CurveSvg({curve}, "t");
  EXPECT_LT(svg.size(), 20'000u);
  EXPECT_THAT(svg, HasSubstr("<polyline"));
}

TEST(Curve, SaysWhenThereIsNothing) {
  EXPECT_THAT(CurveSvg({}, "t"), HasSubstr("no losses were recorded"));
  EXPECT_THAT(CurveSvg({{"train", {{1, NAN}}}}, "t"), Not(HasSubstr("nan")));
  EXPECT_THAT(CurveSvg({{"train", {{0, 1}}}}, "t"), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace understudy
