#include "base/clock.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(Clock, SystemMovesForward) {
  const Clock& clock = Clock::System();
  EXPECT_GT(clock.WallMs(), 1'700'000'000'000);
  const Monotonic before = clock.Now();
  EXPECT_GE(clock.Now(), before);
}

TEST(Clock, ManualMovesOnlyWhenTold) {
  ManualClock clock(5'000);
  const Monotonic before = clock.Now();
  EXPECT_EQ(clock.WallMs(), 5'000);
  clock.Advance(std::chrono::milliseconds(7));
  EXPECT_EQ(clock.WallMs(), 5'007);
  EXPECT_EQ(MicrosBetween(before, clock.Now()), 7'000);
}

TEST(FormatWallMs, AlwaysThreeDecimals) {
  EXPECT_EQ(FormatWallMs(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatWallMs(1'769'860'800'123), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(FormatWallMs(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatWallMs(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(ParseWallMs, IsTheInverse) {
  for (const int64_t at :
       {int64_t{-62'167'219'200'000}, int64_t{-1}, int64_t{0}, int64_t{951'782'399'999},
        int64_t{1'769'860'800'123}, int64_t{253'402'300'799'999}}) {
    EXPECT_EQ(ParseWallMs(FormatWallMs(at)), at);
  }
}

TEST(ParseWallMs, OtherSpellings) {
  EXPECT_EQ(ParseWallMs("1970-01-01T00:00:01Z"), 1'000);
  EXPECT_EQ(ParseWallMs("1970-01-01t00:00:01z"), 1'000);
  EXPECT_EQ(ParseWallMs("1970-01-01 00:00:01.5Z"), 1'500);
  EXPECT_EQ(ParseWallMs("1970-01-01T00:00:00.123456789Z"), 123);
  EXPECT_EQ(ParseWallMs("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(ParseWallMs("1969-12-31T23:30:00.250-00:30"), 250);
}

TEST(ParseWallMs, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "now",
                           "1970",
                           "1970-01-01",
                           "1970-01-01T00:00:00",
                           "1970-01-01T00:00Z",
                           "1970-13-01T00:00:00Z",
                           "1970-00-01T00:00:00Z",
                           "1970-02-29T00:00:00Z",
                           "1970-01-00T00:00:00Z",
                           "1970-01-01T24:00:00Z",
                           "1970-01-01T00:60:00Z",
                           "1970-01-01T00:00:60Z",
                           "1970-01-01T00:00:00.Z",
                           "1970-01-01T00:00:00ZZ",
                           "1970-01-01T00:00:00+1:00",
                           "1970-01-01T00:00:00+24:00",
                           "1970-01-01T00:00:00+0100",
                           "-970-01-01T00:00:00Z",
                           "1970-+1-01T00:00:00Z",
                           "1970-01-01T00:00:00+01:00x"}) {
    EXPECT_EQ(ParseWallMs(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace understudy
