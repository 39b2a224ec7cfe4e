#include "base/json.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

json::value Parsed(std::string_view text) {
  auto value = ParseJson(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value.value_or(json::value());
}

TEST(ParseJson, AcceptsEveryKindAtTheTop) {
  for (const char* text :
       {"null", "true", "1", "-1.5e3", "\"a\"", "[]", "{}", " [1, {\"a\":null}] \n"}) {
    EXPECT_TRUE(ParseJson(text).has_value()) << text;
  }
}

TEST(ParseJson, RefusesWhatIsNoJson) {
  for (const std::string text :
       {"", " ", "{", "[1", "[1,]", "{\"a\":1,}", "tru", "01", "1.", "NaN", "'a'", "\"a", "\"\n\"",
        "1 2", "{} {}", "\"\xFF\"", "\"\\ud800\"", "// c\n1", "\xEF\xBB\xBF{}"}) {
    const auto value = ParseJson(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::kInvalidInput);
  }
}

TEST(ParseJson, ErrorsNameTheByte) {
  EXPECT_NE(ParseJson("[1, x]").error().message.find("byte 4"), std::string::npos);
  EXPECT_NE(ParseJson("{} x").error().message.find("byte 3"), std::string::npos);
}

TEST(ParseJson, DepthIsLimited) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseJson(nested(kMaxJsonDepth)).has_value());
  EXPECT_FALSE(ParseJson(nested(kMaxJsonDepth + 1)).has_value());
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '[')).has_value());
}

TEST(JsonReaders, GiveTheMemberOrTheDefault) {
  const auto object =
      Parsed(R"({"s":"x","i":5,"d":1.5,"w":2.0,"b":true,"n":null,"u":18446744073709551615})");
  EXPECT_EQ(StringOr(object, "s"), "x");
  EXPECT_EQ(StringOr(object, "i", "no"), "no");
  EXPECT_EQ(StringOr(object, "absent", "no"), "no");
  EXPECT_EQ(IntOr(object, "i", 0), 5);
  EXPECT_EQ(IntOr(object, "w", 0), 2);
  EXPECT_EQ(IntOr(object, "d", 9), 9);
  EXPECT_EQ(IntOr(object, "u", 9), 9);
  EXPECT_EQ(IntOr(object, "s", 9), 9);
  EXPECT_EQ(NumberOr(object, "i", 0), 5);
  EXPECT_EQ(NumberOr(object, "d", 0), 1.5);
  EXPECT_EQ(NumberOr(object, "n", 7), 7);
  EXPECT_TRUE(BoolOr(object, "b", false));
  EXPECT_TRUE(BoolOr(object, "s", true));
  EXPECT_EQ(Find(Parsed("[1]"), "a"), nullptr);
  EXPECT_EQ(Find(object, "n")->kind(), json::kind::null);
}

TEST(SameJson, SameValueInOtherWords) {
  const std::pair<const char*, const char*> same[] = {
      {"1", "1.0"},
      {"1", "1e0"},
      {"0", "-0.0"},
      {R"({"a":1,"b":[2]})", R"( {"b":[2.0], "a":1} )"},
      {R"("\u00e9")", "\"\xC3\xA9\""},
      {"18446744073709551615", "18446744073709551615"},
      {"1e300", "10e299"}};
  for (const auto& [a, b] : same) {
    EXPECT_TRUE(SameJson(Parsed(a), Parsed(b))) << a << " " << b;
    EXPECT_EQ(CanonicalJson(Parsed(a)), CanonicalJson(Parsed(b))) << a << " " << b;
  }
}

TEST(SameJson, DifferentValues) {
  const std::pair<const char*, const char*> different[] = {
      {"1", "2"},
      {"1", "\"1\""},
      {"1", "true"},
      {"null", "false"},
      {"[1,2]", "[2,1]"},
      {"[1]", "[1,1]"},
      {R"({"a":1})", R"({"a":1,"b":1})"},
      {R"({"a":1})", R"({"b":1})"},
      {"[]", "{}"},
      {"9007199254740993", "9007199254740992"},
      {"9007199254740993", "9007199254740992.0"},
      {"-1", "18446744073709551615"}};
  for (const auto& [a, b] : different) {
    EXPECT_FALSE(SameJson(Parsed(a), Parsed(b))) << a << " " << b;
    EXPECT_NE(CanonicalJson(Parsed(a)), CanonicalJson(Parsed(b))) << a << " " << b;
  }
}

TEST(CanonicalJson, SortsKeysAndDropsBlanks) {
  EXPECT_EQ(CanonicalJson(Parsed(
                R"({ "b" : [ 1 , 2.50 ], "a" : {"d":null,"c":"x\n\"\u0001"} , "e":{}, "f":[] })")),
            R"({"a":{"c":"x\n\"\u0001","d":null},"b":[1,2.5E0],"e":{},"f":[]})");
}

TEST(JsonString, EscapesWhatMustBe) {
  EXPECT_EQ(JsonString("a\"b\\c\n\t\r\x01/\xC3\xA9"),
            "\"a\\\"b\\\\c\\n\\u0009\\u000d\\u0001/\xC3\xA9\"");
  EXPECT_EQ(JsonString(""), "\"\"");
  EXPECT_EQ(JsonString(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonString, ComesBack) {
  std::string all;
  for (int byte = 0; byte < 0x80; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(Parsed(JsonString(all)).as_string(), all);
}

}  // namespace
}  // namespace understudy
