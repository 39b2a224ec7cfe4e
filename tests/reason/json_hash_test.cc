#include "reason/json_hash.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

uint64_t Hash(std::string_view text) {
  size_t work = 0;
  return HashJson(ParseJson(text).value(), &work);
}

TEST(JsonHash, EqualValuesHashAlike) {
  EXPECT_EQ(Hash("1"), Hash("1.0"));
  EXPECT_EQ(Hash("0"), Hash("-0.0"));
  EXPECT_EQ(Hash("18446744073709551615"), Hash("18446744073709551615.0"));
  EXPECT_EQ(Hash(R"({"a": 1, "b": [2]})"), Hash(R"({"b":[2.0],"a":1})"));
}

TEST(JsonHash, DifferentValuesDiffer) {
  const char* const values[] = {"null",    "true",       "false",      "0",          "1",
                                "\"\"",    "\"1\"",      "[]",         "{}",         "[1,2]",
                                "[2,1]",   "[[1],2]",    "[1,[2]]",    R"({"a":1})", R"({"a":2})",
                                R"([""])", R"({"b":1})", R"({"":""})", "0.5",        "[null]"};
  for (size_t i = 0; i < std::size(values); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(Hash(values[i]), Hash(values[j])) << i << " " << j;
  }
}

TEST(JsonHash, CountsItsWork) {
  size_t work = 0;
  HashJson(ParseJson(R"({"a": [1, 2, 3]})").value(), &work);
  EXPECT_EQ(work, 5u);
  work = 0;
  HashJson(json::value(std::string(6400, 'x')), &work);
  EXPECT_EQ(work, 101u);
}

}  // namespace
}  // namespace understudy
