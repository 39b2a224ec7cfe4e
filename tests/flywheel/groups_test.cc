#include "flywheel/curate/groups.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace understudy {
namespace {

TEST(Split, SharesAreReadAndChecked) {
  const auto shares = ParseShares("70/10/15/5");
  ASSERT_TRUE(shares);
  EXPECT_EQ(shares->train, 70);
  EXPECT_EQ(shares->valid, 10);
  EXPECT_EQ(shares->calib, 15);
  EXPECT_EQ(shares->test, 5);
  EXPECT_TRUE(ParseShares("100/0/0/0"));
  EXPECT_TRUE(ParseShares("62.5/12.5/12.5/12.5"));
  for (const std::string_view wrong :
       {"", "80/8/6", "80/8/6/6/0", "80/8/6/5", "80,8,6,6", "a/b/c/d", "110/-10/0/0", "80/8/6/6x",
        "nan/0/0/100", "inf/0/0/0"}) {
    EXPECT_FALSE(ParseShares(wrong)) << wrong;
  }
}

TEST(Split, PlacesFillTheShares) {
  const SplitShares shares;
  std::array<int, kPartCount> counts{};
  for (int i = 0; i < 20'000; ++i) {
    ++counts[static_cast<size_t>(PartAt(PlaceOf(fmt::format("s{}", i), 3), shares))];
  }
  EXPECT_NEAR(counts[0], 1200, 150);   // test
  EXPECT_NEAR(counts[1], 1200, 150);   // calib
  EXPECT_NEAR(counts[2], 1600, 180);   // valid
  EXPECT_NEAR(counts[3], 16000, 300);  // train
}

TEST(Split, TheLeastPlaceIsTheMostGuardedPart) {
  const SplitShares shares;
  Part before = Part::kTest;
  for (uint64_t step = 0; step < 1000; ++step) {
    const Part part = PartAt(step * (UINT64_MAX / 1000), shares);
    EXPECT_GE(part, before);
    before = part;
  }
  EXPECT_EQ(before, Part::kTrain);
  EXPECT_EQ(PartAt(UINT64_MAX, {100, 0, 0, 0}), Part::kTrain);
  EXPECT_EQ(PartAt(0, {100, 0, 0, 0}), Part::kTrain);
}

TEST(Split, AnotherSeedAnotherSplit) {
  EXPECT_NE(PlaceOf("s", 1), PlaceOf("s", 2));
  EXPECT_EQ(PlaceOf("s", 1), PlaceOf("s", 1));
}

TEST(Union, JoinsAndFinds) {
  Union joined(4);
  EXPECT_TRUE(joined.Join(0, 1));
  EXPECT_TRUE(joined.Join(2, 3));
  EXPECT_NE(joined.Find(0), joined.Find(3));
  EXPECT_TRUE(joined.Join(1, 2));
  EXPECT_FALSE(joined.Join(0, 3));
  EXPECT_EQ(joined.Find(0), joined.Find(3));
}

}  // namespace
}  // namespace understudy
