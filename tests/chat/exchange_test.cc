#include "chat/exchange.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

template <class Enum, class Parse>
void ExpectNamesRoundTrip(Enum last, Parse parse) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    const auto parsed = parse(Name(value));
    ASSERT_TRUE(parsed) << Name(value);
    EXPECT_EQ(*parsed, value);
  }
  const auto unknown = parse("nonsense");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(unknown.error().message.find(Name(last)), std::string::npos);
}

TEST(ExchangeNames, RoundTrip) {
  ExpectNamesRoundTrip(AnswerKind::kShadow, ParseAnswerKind);
  ExpectNamesRoundTrip(VerdictKind::kDiffers, ParseVerdictKind);
  ExpectNamesRoundTrip(Route::kNamed, ParseRoute);
  ExpectNamesRoundTrip(Outcome::kInternalError, ParseOutcome);
}

// Stored and written to files: a change here breaks them.
TEST(ExchangeNames, AreFrozen) {
  EXPECT_EQ(Name(Outcome::kFellBack), "fell_back");
  EXPECT_EQ(Name(Outcome::kBrokenStream), "broken_stream");
  EXPECT_EQ(Name(VerdictKind::kInvalidArguments), "invalid_arguments");
  EXPECT_EQ(Name(VerdictKind::kMissingToolCall), "missing_tool_call");
  EXPECT_EQ(Name(AnswerKind::kSlm), "slm");
  EXPECT_EQ(Name(Route::kLocal), "local");
  EXPECT_EQ(static_cast<int>(Outcome::kInternalError), 14);
  EXPECT_EQ(static_cast<int>(VerdictKind::kError), 10);
  EXPECT_EQ(Name(VerdictKind::kLowConfidence), "low_confidence");
  EXPECT_EQ(static_cast<int>(VerdictKind::kLowConfidence), 11);
  EXPECT_EQ(Name(VerdictKind::kDiffers), "differs");
  EXPECT_EQ(static_cast<int>(VerdictKind::kDiffers), 12);
}

TEST(ExchangeNames, ValuesOutOfRangeAreSafe) {
  EXPECT_EQ(Name(static_cast<Outcome>(200)), "unknown");
}

}  // namespace
}  // namespace understudy
