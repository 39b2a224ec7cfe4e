#include "models/embed_body.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(EmbedBodyTest, ReplacesTheModelAndNothingElse) {
  EXPECT_EQ(WithModelName(R"({ "input" : "a" , "model" : "x" , "n":1e3 })", "up"),
            R"({ "input" : "a" , "model" : "up" , "n":1e3 })");
  EXPECT_EQ(WithModelName(R"({"model":"x"})", "a\"b"), R"({"model":"a\"b"})");
  EXPECT_EQ(WithModelName(R"({"deep":{"model":"y"},"model":"x"})", "up"),
            R"({"deep":{"model":"y"},"model":"up"})");
}

TEST(EmbedBodyTest, AnUpstreamsOwnNameStays) {
  EXPECT_EQ(WithModelName(R"({"model":"big","input":"a"})", "up", "big"),
            R"({"model":"up","input":"a"})");
  EXPECT_EQ(WithModelName(R"({"model":"understudy/reference"})", "up", "big"), R"({"model":"up"})");
  const std::string theirs = R"({ "model":"text-embedding-3-small", "input":[1,2] })";
  EXPECT_EQ(WithModelName(theirs, "gpt-4o", "big"), theirs);
}

TEST(EmbedBodyTest, AddsAnAbsentModel) {
  EXPECT_EQ(WithModelName(R"({"input":"a"})", "up"), R"({"model":"up","input":"a"})");
  EXPECT_EQ(WithModelName("  { }", "up"), R"(  {"model":"up" })");
}

TEST(EmbedBodyTest, RefusesWhatIsNoObjectOrHasAModelThatIsNoName) {
  for (const std::string_view body :
       {"", "[]", "7", "{", "null", R"({"model":7})", R"({"model":{"a":1}})", R"({"input" "a"})",
        R"({"model":"x)", "\xff"}) {
    const auto edited = WithModelName(body, "up");
    ASSERT_FALSE(edited) << body << " -> " << *edited;
    EXPECT_EQ(edited.error().kind, ErrorKind::kInvalidInput);
  }
}

}  // namespace
}  // namespace understudy
