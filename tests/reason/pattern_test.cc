#include "reason/pattern.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

bool Found(std::string_view ecma, std::string_view text) {
  const auto pattern = Pattern::Compile(ecma);
  EXPECT_TRUE(pattern) << ecma << ": " << pattern.error().ToString();
  return pattern && (*pattern)->Matches(text);
}

TEST(Pattern, IsUnanchored) {
  EXPECT_TRUE(Found("b+", "abbc"));
  EXPECT_FALSE(Found("^b+$", "abbc"));
  EXPECT_TRUE(Found("", "anything"));
}

TEST(Pattern, SpeaksTheSchemasDialect) {
  EXPECT_TRUE(Found(R"(^\d{4}-\d\d$)", "2026-01"));
  EXPECT_TRUE(Found(R"(^\u0041\u00e9$)", "Aé"));
  EXPECT_TRUE(Found(R"(^\\u0041$)", R"(\u0041)"));  // an escaped backslash, then letters
  EXPECT_TRUE(Found(R"(^(?<year>\d+)$)", "2026"));
  EXPECT_TRUE(Found(R"(^a\/b\-c$)", "a/b-c"));
  EXPECT_TRUE(Found(R"(^\p{L}+$)", "größe"));
  EXPECT_TRUE(Found("^.$", "é"));  // a code point, not a byte
  EXPECT_FALSE(Found("^a$", "a\n"));
}

TEST(Pattern, RefusesWhatRe2CannotExpress) {
  for (const auto ecma : {"(?=a)b", "(?<!a)b", R"((a)\1)", "(", "[z-a]", "a{2000}", R"(\u12)",
                          "((a{500}){500}){500}"}) {
    const auto pattern = Pattern::Compile(ecma);
    ASSERT_FALSE(pattern) << ecma;
    EXPECT_EQ(pattern.error().kind, ErrorKind::kUnsupported);
  }
}

TEST(Pattern, IsLinearWhereOthersExplode) {
  const std::string text(200'000, 'a');
  EXPECT_FALSE(Found("^(a+)+b$", text));
  EXPECT_FALSE(Found("(x+x+)+y", text));
}

}  // namespace
}  // namespace understudy
