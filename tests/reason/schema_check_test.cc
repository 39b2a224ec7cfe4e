#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reason/schema.h"

namespace understudy {
namespace {

using testing::HasSubstr;

JsonSchema Compiled(std::string_view schema) {
  auto compiled = JsonSchema::CompileText(schema);
  EXPECT_TRUE(compiled) << schema << ": " << compiled.error().ToString();
  return compiled ? *std::move(compiled) : JsonSchema::CompileText("true").value();
}

std::string Problem(std::string_view schema, std::string_view value) {
  return Compiled(schema).Check(ParseJson(value).value()).value_or("fits");
}

struct Case {
  std::string_view schema;
  std::vector<std::string_view> fitting, failing;
};

void CheckAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    for (const auto value : c.fitting)
      EXPECT_EQ(Problem(c.schema, value), "fits") << c.schema << value;
    for (const auto value : c.failing)
      EXPECT_NE(Problem(c.schema, value), "fits") << c.schema << value;
  }
}

TEST(SchemaCheck, TypesAndConstants) {
  CheckAll({
      {"true", {"1", "null"}, {}},
      {"false", {}, {"1", "null", "{}"}},
      {"{}", {"1", "null", "[]"}, {}},
      {R"({"type":"null"})", {"null"}, {"0", "\"\"", "false"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "1", "\"true\""}},
      {R"({"type":"integer"})",
       {"0", "-1", "1.0", "1e3", "18446744073709551615", "1e300"},
       {"1.5", "\"1\"", "true"}},
      {R"({"type":"number"})", {"0", "1.5"}, {"\"1\"", "null"}},
      {R"({"type":["string","null"]})", {"\"\"", "null"}, {"0", "[]"}},
      {R"({"type":["integer","object"]})", {"1", "{}"}, {"1.5", "[]"}},
      {R"({"const":1})", {"1", "1.0"}, {"true", "\"1\"", "[1]"}},
      {R"({"const":{"a":[1,{}]}})", {R"({"a":[1.0,{}]})"}, {R"({"a":[{},1]})", "{}"}},
      {R"({"const":null})", {"null"}, {"0", "{}"}},
      {R"({"enum":["a",1,null,[]]})", {"\"a\"", "1.0", "null", "[]"}, {"\"b\"", "0", "{}"}},
      {R"({"enum":[]})", {}, {"null", "1"}},
  });
}

TEST(SchemaCheck, Numbers) {
  CheckAll({
      {R"({"minimum":1.5})", {"1.5", "2", "\"0\""}, {"1", "-1e9"}},
      {R"({"maximum":-1})", {"-1", "-1.0"}, {"0", "-0.5"}},
      {R"({"exclusiveMinimum":0})", {"0.001", "1"}, {"0", "-0.0", "-1"}},
      {R"({"exclusiveMaximum":0})", {"-0.001"}, {"0", "1"}},
      {R"({"minimum":5,"exclusiveMinimum":true})", {"6"}, {"5"}},
      {R"({"minimum":5,"exclusiveMinimum":false})", {"5"}, {"4"}},
      {R"({"maximum":5,"exclusiveMaximum":true})", {"4"}, {"5"}},
      {R"({"multipleOf":2})", {"4", "-4", "0", "4.0", "\"3\""}, {"3", "0.5"}},
      {R"({"multipleOf":0.1})", {"0.3", "1.1", "7"}, {"0.35", "0.01"}},
      {R"({"multipleOf":0.01})", {"4.35", "19.99", "1000000.01"}, {"4.355"}},
      {R"({"multipleOf":1e-300})", {"0"}, {"1e300"}},
      // Beyond what a double can tell apart.
      {R"({"minimum":9007199254740993})", {"9007199254740993"}, {"9007199254740992"}},
      {R"({"maximum":18446744073709551614})", {"18446744073709551614"}, {"18446744073709551615"}},
  });
}

TEST(SchemaCheck, Texts) {
  CheckAll({
      {R"({"minLength":2})", {"\"ab\"", "\"éé\"", "1"}, {"\"a\"", "\"é\"", "\"\\ud83d\\ude00\""}},
      {R"({"maxLength":2})", {"\"\"", "\"éé\"", "\"\\ud83d\\ude00\\ud83d\\ude00\""}, {"\"abc\""}},
      {R"({"pattern":"^a+$"})", {"\"aa\"", "12"}, {"\"\"", "\"ab\""}},
      {R"({"pattern":"b"})", {"\"abc\""}, {"\"ac\""}},
  });
}

TEST(SchemaCheck, Arrays) {
  CheckAll({
      {R"({"items":{"type":"integer"}})", {"[]", "[1,2]", "{}"}, {"[1,\"2\"]"}},
      {R"({"items":false})", {"[]"}, {"[1]"}},
      {R"({"prefixItems":[{"type":"integer"},true]})", {"[]", "[1]", "[1,2,3]"}, {"[\"a\"]"}},
      {R"({"prefixItems":[true],"items":{"type":"null"}})", {"[1]", "[1,null]"}, {"[1,2]"}},
      {R"({"items":[{"type":"integer"}],"additionalItems":false})",
       {"[1]", "[]"},
       {"[1,2]", "[null]"}},
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "\"\""}, {"[]", "[1,2,3]"}},
      {R"({"uniqueItems":true})",
       {"[]", "[1,2]", "[1,true]", "[[1],[2]]", "[0,false]"},
       {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[null,1,null]", "[\"a\",\"a\"]"}},
      {R"({"uniqueItems":false})", {"[1,1]"}, {}},
  });
}

TEST(SchemaCheck, Objects) {
  CheckAll({
      {R"({"properties":{"a":{"type":"integer"},"b":false}})",
       {"{}", R"({"a":1,"c":"x"})", "[]"},
       {R"({"a":"1"})", R"({"b":1})"}},
      {R"({"required":["a",""]})", {R"({"a":null,"":1})", "3"}, {R"({"a":1})", "{}"}},
      {R"({"additionalProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"properties":{"a":true},"additionalProperties":{"type":"null"}})",
       {R"({"a":1,"b":null})"},
       {R"({"b":1})"}},
      {R"({"patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}}})",
       {R"({"x":1})", R"({"xy":5})", R"({"z":"x"})"},
       {R"({"x":"1"})", R"({"xy":4})"}},
      {R"({"properties":{"xa":{"minimum":3}},"patternProperties":{"^x":{"type":"integer"}},)"
       R"("additionalProperties":false})",
       {R"({"xa":3,"xb":1})"},
       {R"({"xa":1})", R"({"xb":1.5})", R"({"y":1})"}},
      {R"({"minProperties":1,"maxProperties":2})",
       {R"({"a":1})"},
       {"{}", R"({"a":1,"b":2,"c":3})"}},
  });
}

TEST(SchemaCheck, Combinations) {
  CheckAll({
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"}},
      {R"({"anyOf":[{"type":"integer"},{"minimum":2}]})", {"1", "2.5"}, {"1.5"}},
      {R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", {"1", "2.5"}, {"3", "1.5"}},
      {R"({"not":{"type":"integer"}})", {"1.5", "\"\""}, {"1"}},
      {R"({"not":{"not":{"type":"integer"}}})", {"1"}, {"\"\""}},
      {R"({"type":"integer","anyOf":[{"minimum":2}]})", {"2"}, {"1", "2.5"}},
      {R"({"not":{"anyOf":[{"type":"null"},{"const":1}]}})", {"2"}, {"null", "1"}},
      {R"({"$ref":"#/$defs/n","minimum":2,"$defs":{"n":{"type":"integer"}}})",
       {"2"},
       {"1", "\"a\""}},
  });
}

TEST(SchemaCheck, RecursiveSchemas) {
  CheckAll({
      {R"({"type":"object","properties":{"child":{"$ref":"#"},"n":{"type":"integer"}},)"
       R"("additionalProperties":false})",
       {"{}", R"({"n":1,"child":{"child":{"n":2}}})"},
       {R"({"child":{"child":{"n":"2"}}})", R"({"child":{"x":1}})"}},
      {R"({"$ref":"#/$defs/list","$defs":{"list":{"anyOf":[{"type":"null"},)"
       R"({"type":"array","items":{"$ref":"#/$defs/list"}}]}}})",
       {"null", "[[null],[]]"},
       {"1", "[[[1]]]"}},
  });
}

TEST(SchemaCheck, SaysWhereAndWhy) {
  EXPECT_EQ(Problem(R"({"properties":{"date":{"type":"string"}}})", R"({"date":1})"),
            "$.date: expected string, got number");
  EXPECT_EQ(Problem(R"({"items":{"type":["integer","null"]}})", R"([1,"x"])"),
            "$[1]: expected null or integer, got string");
  EXPECT_EQ(Problem(R"({"required":["a"]})", "{}"), "$: \"a\" is missing");
  EXPECT_EQ(Problem(R"({"additionalProperties":false})", R"({"b":1})"), "$: unknown member \"b\"");
  EXPECT_EQ(Problem(R"({"properties":{"a.b":{"minimum":2}}})", R"({"a.b":1})"),
            "$[\"a.b\"]: expected >= 2");
  EXPECT_EQ(Problem(R"({"enum":["red","green"]})", "1"), "$: expected one of \"red\", \"green\"");
  EXPECT_EQ(Problem(R"({"enum":[1,2,3,4,5,6]})", "0"), "$: expected one of 1, 2, 3, 4, 5, ...");
  EXPECT_EQ(Problem(R"({"anyOf":[{"type":"null"},{"const":1}]})", "0"),
            "$: fits none of 2 alternatives");
  EXPECT_EQ(Problem(R"({"minItems":2})", "[]"), "$: expected at least 2 items, got 0");
}

TEST(SchemaCheck, NeverHoldsTheValuesTexts) {
  const std::string secret = "4111-1111-1111-1111";
  const std::string value = fmt::format(R"({{"card":"{}"}})", secret);
  for (const auto schema : {R"({"type":"string"})", R"({"const":"x"})", R"({"enum":["x"]})",
                            R"({"minLength":99})", R"({"maxLength":1})", R"({"pattern":"^x"})",
                            R"({"not":{}})", R"({"type":"null"})", R"({"anyOf":[false]})"}) {
    const std::string problem =
        Problem(fmt::format(R"({{"properties":{{"card":{}}}}})", schema), value);
    EXPECT_EQ(problem.find(secret), std::string::npos) << problem;
  }
}

TEST(SchemaCheck, MessagesAreShort) {
  const std::string name(10'000, 'n');
  const std::string accents = "é" + std::string(10'000, 'x') + "é";
  std::string value = fmt::format(R"({{"{}":1}})", name);
  for (int i = 0; i < 50; ++i) value = fmt::format(R"({{"{}":{}}})", accents, value);
  EXPECT_LE(Problem(R"({"additionalProperties":{"$ref":"#"},"type":"object"})", value).size(),
            200u);
  EXPECT_LE(Problem(fmt::format(R"({{"const":"{}"}})", name), "1").size(), 200u);
  EXPECT_LE(Problem(fmt::format(R"({{"required":["{}"]}})", name), "{}").size(), 200u);
}

TEST(SchemaCheck, EndlessRecursionIsGivenUp) {
  for (const auto schema :
       {R"({"$ref":"#"})", R"({"not":{"$ref":"#"}})", R"({"anyOf":[{"$ref":"#"},true]})",
        R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#"}}})"}) {
    EXPECT_THAT(Problem(schema, "1"), HasSubstr("not decided")) << schema;
  }
}

TEST(SchemaCheck, ExponentialSchemasAreGivenUp) {
  // Each level doubles the work: 2^40 without a bound.
  std::string schema = R"({"$ref":"#/$defs/d0","$defs":{"d40":{"type":"string"})";
  for (int i = 0; i < 40; ++i) {
    const std::string next = fmt::format(R"({{"$ref":"#/$defs/d{}"}})", i + 1);
    schema += fmt::format(R"(,"d{}":{{"oneOf":[{},{}]}})", i, next, next);
  }
  EXPECT_THAT(Problem(schema + "}}", "1"), HasSubstr("not decided"));
}

TEST(SchemaCheck, HostilePatternsAndLongTextsAreBounded) {
  const json::value text(std::string(1 << 20, 'a'));
  EXPECT_EQ(Compiled(R"({"pattern":"^(a+)+$"})").Check(text), std::nullopt);
  EXPECT_TRUE(Compiled(R"({"pattern":"^(a|aa)+b$"})").Check(text));
  // 64 patterns on a megabyte are more than is granted.
  std::string many = R"({"allOf":[true)";
  for (int i = 0; i < 60; ++i) many += fmt::format(R"(,{{"pattern":"a{{{}}}"}})", i);
  EXPECT_THAT(Compiled(many + "]}").Check(text).value_or(""), HasSubstr("not decided"));
}

TEST(SchemaCheck, GiantEnumsCostOneLookUp) {
  json::array names;
  for (int i = 0; i < 100'000; ++i) names.push_back(json::value(fmt::format("name-{}", i)));
  const auto schema = JsonSchema::Compile(json::value{{"items", {{"enum", names}}}}).value();
  json::array items;
  for (int i = 0; i < 10'000; ++i) items.push_back(json::value(fmt::format("name-{}", 9 * i)));
  EXPECT_EQ(schema.Check(items), std::nullopt);
  items.push_back("name-x");
  EXPECT_EQ(schema.Check(items).value_or("").substr(0, 9), "$[10000]:");
}

TEST(SchemaCheck, ManyUniqueItemsAreQuick) {
  json::array items;
  for (int i = 0; i < 50'000; ++i) items.push_back(i);
  EXPECT_EQ(Compiled(R"({"uniqueItems":true})").Check(items), std::nullopt);
  items.push_back(49'999.0);
  EXPECT_TRUE(Compiled(R"({"uniqueItems":true})").Check(items));
}

TEST(SchemaCheck, SurvivesItsDocument) {
  auto document = std::make_unique<json::value>(
      ParseJson(R"({"enum":["a"],"properties":{"x":{"$ref":"#/$defs/y"}},"$defs":{"y":true}})")
          .value());
  const auto schema = JsonSchema::Compile(*document).value();
  document.reset();
  EXPECT_EQ(schema.Check(json::value("a")), std::nullopt);
  EXPECT_TRUE(schema.Check(json::value("b")));
}

}  // namespace
}  // namespace understudy
