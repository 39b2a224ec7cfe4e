#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reason/schema.h"

namespace understudy {
namespace {

using testing::HasSubstr;

Error Refused(std::string_view schema) {
  const auto compiled = JsonSchema::CompileText(schema);
  EXPECT_FALSE(compiled) << schema;
  return compiled ? Error{} : compiled.error();
}

bool Fits(std::string_view schema, std::string_view value) {
  const auto compiled = JsonSchema::CompileText(schema);
  EXPECT_TRUE(compiled) << schema << ": " << compiled.error().ToString();
  return compiled && !compiled->Check(ParseJson(value).value());
}

struct Malformed {
  std::string_view schema, where;
};

TEST(SchemaCompile, NamesThePlaceOfWhatIsMalformed) {
  const Malformed cases[] = {
      {R"(1)", "#"},
      {R"([])", "#"},
      {R"({"type":"any"})", "#/type"},
      {R"({"type":5})", "#/type"},
      {R"({"type":[]})", "#/type"},
      {R"({"type":["string",1]})", "#/type"},
      {R"({"properties":[]})", "#/properties"},
      {R"({"properties":{"a":{"type":"x"}}})", "#/properties/a/type"},
      {R"({"required":"a"})", "#/required"},
      {R"({"required":[1]})", "#/required"},
      {R"({"items":{"minLength":-1}})", "#/items/minLength"},
      {R"({"maxItems":1.5})", "#/maxItems"},
      {R"({"maxItems":"1"})", "#/maxItems"},
      {R"({"minimum":"1"})", "#/minimum"},
      {R"({"exclusiveMinimum":"1"})", "#/exclusiveMinimum"},
      {R"({"multipleOf":0})", "#/multipleOf"},
      {R"({"multipleOf":-2})", "#/multipleOf"},
      {R"({"enum":{}})", "#/enum"},
      {R"({"anyOf":[]})", "#/anyOf"},
      {R"({"anyOf":{}})", "#/anyOf"},
      {R"({"anyOf":[true,{"not":3}]})", "#/anyOf/1/not"},
      {R"({"uniqueItems":1})", "#/uniqueItems"},
      {R"({"pattern":1})", "#/pattern"},
      {R"j({"pattern":"(?=a)"})j", "#/pattern"},
      {R"j({"patternProperties":{"(":true}})j", "#/patternProperties"},
      {R"({"patternProperties":[]})", "#/patternProperties"},
      {R"({"additionalProperties":"no"})", "#/additionalProperties"},
      {R"({"$ref":1})", "#/$ref"},
      {R"({"$ref":"#/$defs/a"})", "#/$ref"},
      {R"({"$ref":"http://host/schema.json"})", "#/$ref"},
      {R"({"$ref":"#anchor"})", "#/$ref"},
      {R"({"allOf":[{"$ref":"#/x"}],"x":7})", "#/allOf/0/$ref"},
  };
  for (const Malformed& c : cases) EXPECT_EQ(Refused(c.schema).where, c.where) << c.schema;
  EXPECT_EQ(Refused("{").kind, ErrorKind::kInvalidInput);
}

TEST(SchemaCompile, ResolvesPointersIntoTheDocument) {
  EXPECT_FALSE(Fits(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", "1"));
  EXPECT_TRUE(Fits(R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}})", "\"\""));
  EXPECT_FALSE(Fits(R"({"$ref":"#/$defs/a~1b~0c%25","$defs":{"a/b~c%":{"type":"string"}}})", "1"));
  EXPECT_FALSE(Fits(R"({"$ref":"#/allOf/1","allOf":[true,{"type":"string"}]})", "1"));
  EXPECT_FALSE(Fits(R"({"$ref":"#/$defs/","$defs":{"":false}})", "1"));
  for (const auto reference : {"#/allOf/2", "#/allOf/-1", "#/allOf/", "#/allOf/x", "#/allOf/0/a",
                               "#/allOf/99999999999999999999"}) {
    Refused(fmt::format(R"({{"$ref":"{}","allOf":[true,true]}})", reference));
  }
}

TEST(SchemaCompile, IgnoresWhatItDoesNotKnow) {
  EXPECT_TRUE(Fits(R"({"title":1,"format":"date","x-extra":{"type":"nonsense"}})", "1"));
  // A property may be called like a keyword.
  EXPECT_FALSE(Fits(R"({"properties":{"$ref":{"type":"string"}}})", R"({"$ref":1})"));
}

TEST(SchemaCompile, MaySkipPatternsItCannotExpress) {
  constexpr std::string_view kSchema =
      R"j({"properties":{"a":{"pattern":"^(?=x)","type":"string"}},
           "patternProperties":{"(?!y)":{"type":"number"}},"additionalProperties":false})j";
  Refused(kSchema);
  const auto schema = JsonSchema::CompileText(kSchema, UnknownPatterns::kSkip);
  ASSERT_TRUE(schema) << schema.error().ToString();
  EXPECT_FALSE(schema->Check(ParseJson(R"({"a":"b","c":"d"})").value()));
  EXPECT_TRUE(schema->Check(ParseJson(R"({"a":1})").value()));
}

TEST(SchemaCompile, IsBounded) {
  std::string many = "[true";
  for (int i = 0; i < 5000; ++i) many += ",true";
  EXPECT_THAT(Refused(R"({"anyOf":)" + many + "]}").message, HasSubstr("schemas"));
  std::string named = R"({"patternProperties":{"x":true)";
  for (int i = 0; i < 100; ++i) named += fmt::format(R"(,"{}":true)", i);
  EXPECT_THAT(Refused(named + "}}").message, HasSubstr("patterns"));
}

TEST(SchemaCompile, NestsAsDeepAsJsonMay) {
  // Built by hand, as the parser has a limit of its own.
  json::value schema = json::object{{"type", "string"}};
  for (int i = 0; i < 1000; ++i) schema = json::object{{"not", json::object{{"not", schema}}}};
  EXPECT_TRUE(JsonSchema::Compile(schema));
}

TEST(SchemaCompile, SaysWhatItWeighs) {
  const size_t small = JsonSchema::CompileText(R"({"type":"string"})")->weight();
  EXPECT_GT(JsonSchema::CompileText(R"({"pattern":"a"})")->weight(), small + 100'000);
}

}  // namespace
}  // namespace understudy
