#include "cli/flags.h"

namespace understudy {
namespace {

TEST(Flags, Durations) {
  EXPECT_EQ(ParseDurationMs("250ms").value(), 250);
  EXPECT_EQ(ParseDurationMs("30").value(), 30'000);
  EXPECT_EQ(ParseDurationMs("1.5h").value(), 5'400'000);
  EXPECT_EQ(ParseDurationMs("7d").value(), 604'800'000);
  for (const char* bad : {"", "s", "-1s", "5 m", "5x", "nan", "inf", "1e300d", "12:00"}) {
    EXPECT_FALSE(ParseDurationMs(bad)) << bad;
  }
}

TEST(Flags, Moments) {
  const int64_t now = 1'769'860'800'000;  // 2026-01-31T12:00:00Z
  EXPECT_EQ(ParseMomentMs("2026-01-31T12:00:00Z", 0).value(), now);
  EXPECT_EQ(ParseMomentMs("2026-01-31T12:00:00.250", 0).value(), now + 250);
  EXPECT_EQ(ParseMomentMs("2026-01-31", 0).value(), now - 12 * 3'600'000);
  EXPECT_EQ(ParseMomentMs("12h", now).value(), now - 12 * 3'600'000);
  for (const char* bad : {"", "2026-02-30", "2026-1-31", "2026-01-31T", "2026-01-31T25:00:00Z",
                          "2026-01-31T12:00:00+01:00", "yesterday"}) {
    EXPECT_FALSE(ParseMomentMs(bad, now)) << bad;
  }
}

}  // namespace
}  // namespace understudy
