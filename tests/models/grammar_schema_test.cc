#include "models/grammar_schema.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

std::string Widened(std::string_view schema) {
  return json::serialize(GrammarSchema(ParseJson(schema).value()));
}

constexpr const char* kAnything =
    R"({"type":["object","array","string","number","boolean","null"]})";

TEST(GrammarSchema, WhatAGrammarCanSayStays) {
  for (
      const char* schema :
      {R"({"type":"object","properties":{"a":{"type":"string","maxLength":9},"b":{"type":"array","items":{"type":"integer","minimum":1},"minItems":2}},"required":["a"],"additionalProperties":false})",
       R"({"enum":["x",1,null]})", R"({"anyOf":[{"type":"string"},{"const":5}]})",
       R"({"type":"string","pattern":"^[a-z]+-(x|y)$"})",
       R"({"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"boolean"}}})"}) {
    EXPECT_EQ(Widened(schema), schema);
  }
}

TEST(GrammarSchema, WhatItCannotSayAllowsAnything) {
  for (const char* schema :
       {"{}", "true", "5", R"({"description":"d"})", R"({"type":"date"})", R"({"type":[]})",
        R"({"type":["string","x"]})", R"({"enum":[]})", R"({"anyOf":[]})", R"({"not":{}})",
        R"({"$ref":"http://x/y"})", R"({"$ref":"#/nope"})", R"({"$ref":5})", R"({"minimum":3})",
        R"({"allOf":[{"type":"string"},{"maxLength":3}]})"}) {
    EXPECT_EQ(Widened(schema), kAnything) << schema;
  }
}

TEST(GrammarSchema, KeywordsOutsideOfAGrammarAreLeftOut) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"$schema":"s","$id":"i","title":"t","type":"string","format":"email","default":"x"})",
       R"({"type":"string"})"},
      {R"({"type":"string","maxLength":100000,"minLength":5000})",
       R"({"type":"string","minLength":1000})"},
      {R"({"type":"array","maxItems":1e9})", R"({"type":"array"})"},
      {R"({"type":"string","pattern":"[a-z]+"})", R"({"type":"string"})"},
      {R"({"type":"string","pattern":"^(?=x)y$"})", R"({"type":"string"})"},
      {R"({"type":"string","pattern":"^\\d+$"})", R"({"type":"string"})"},
      {R"({"type":"string","pattern":"^[a-z$"})", R"({"type":"string"})"},
      {R"({"type":"integer","maximum":1e30,"minimum":0.5})", R"({"type":"integer"})"},
      {R"({"type":"STRING"})", R"({"type":"string"})"},
      {R"({"type":"int"})", R"({"type":"integer"})"},
      {R"({"type":"string","nullable":true})", R"({"anyOf":[{"type":"string"},{"type":"null"}]})"},
      {R"({"type":["string","null"],"maxLength":3})",
       R"({"anyOf":[{"type":"string","maxLength":3},{"type":"null"}]})"},
      {R"({"oneOf":[{"type":"null"}]})", R"({"anyOf":[{"type":"null"}]})"},
      {R"({"properties":{"a":{"type":"null"}}})",
       R"({"type":"object","properties":{"a":{"type":"null"}}})"},
      {R"({"type":"object","properties":{"a":false}})", R"({"type":"object"})"},
      {R"({"type":"object","required":["z"],"patternProperties":{"x":{}},"additionalProperties":false})",
       R"({"type":"object","properties":{"z":{"type":["object","array","string","number","boolean","null"]}},"required":["z"]})"},
  };
  for (const auto& [schema, right] : cases) EXPECT_EQ(Widened(schema), right) << schema;
}

TEST(GrammarSchema, HostileDepthIsCut) {
  std::string schema;
  for (int i = 0; i < 60; ++i) schema += R"({"type":"array","items":)";
  schema += "{}" + std::string(60, '}');
  EXPECT_NE(Widened(schema).find("\"null\""), std::string::npos);
}

}  // namespace
}  // namespace understudy
