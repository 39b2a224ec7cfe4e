#include "tokens/template_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::HasSubstr;

std::string Written(std::string_view source) {
  std::string out;
  const auto value = ParseArguments(source);
  EXPECT_TRUE(value.has_value()) << value.error().ToString();
  if (value) AppendTemplateJson(out, *value);
  return out;
}

TEST(TemplateJson, KeepsOrderAndSpacesOut) {
  EXPECT_EQ(Written(R"({"b":1,"a":[1,2,{}],"c":[]})"), R"({"b": 1, "a": [1, 2, {}], "c": []})");
  EXPECT_EQ(Written(" null "), "null");
  EXPECT_EQ(Written("[true,false]"), "[true, false]");
}

TEST(TemplateJson, TheLastOfEqualNamesCounts) {
  EXPECT_EQ(Written(R"({"a":1,"b":2,"a":3})"), R"({"a": 3, "b": 2})");
}

TEST(TemplateJson, TextIsEscapedNoMoreThanNeeded) {
  EXPECT_EQ(Written(R"("\u00e9\ud83d\udc4d\/<>&'\u2028")"), "\"é👍/<>&'\u2028\"");
  EXPECT_EQ(Written(R"("\u0001\b\f\n\r\t\"\\\u007f")"), "\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\x7F\"");
}

TEST(TemplateJson, Numbers) {
  EXPECT_EQ(Written("[1.50,1e15,1e16,1e-4,1e-5,-0.0,1e100]"),
            "[1.5, 1000000000000000.0, 1e+16, 0.0001, 1e-05, -0.0, 1e+100]");
  EXPECT_EQ(Written("[0.1,52.5200066,123456789.123456789,5e-324]"),
            "[0.1, 52.5200066, 123456789.12345679, 5e-324]");
  EXPECT_EQ(Written("[9223372036854775807,18446744073709551615,-0,-9223372036854775809]"),
            "[9223372036854775807, -1, 0, -9.223372036854776e+18]");
}

TEST(TemplateJson, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"", "{nope", R"({"a":1} x)", R"("\ud83d")", "1e400", R"({"a":[1e400]})"}) {
    EXPECT_FALSE(ParseArguments(text).has_value()) << text;
  }
  EXPECT_THAT(ParseArguments("-1e999").error().message, HasSubstr("too large"));
}

}  // namespace
}  // namespace understudy
