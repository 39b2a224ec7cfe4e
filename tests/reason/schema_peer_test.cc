// Our checker against another implementation, on thousands of random schemas and values.
#include <random>

#include <gtest/gtest.h>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "reason/schema.h"

namespace understudy {
namespace {

// Small alphabets, so that schemas and values meet often. Only what both read alike: no integral
// doubles, no $ref with siblings, no integral multipleOf (there the peer lets all fractions pass),
// patterns that std::regex knows.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  json::value Value(int depth) {
    switch (Below(depth > 0 ? 8 : 6)) {
      case 0: return nullptr;
      case 1: return Below(2) == 0;
      case 2:
      case 3: return Below(9) - 4;
      case 4: return Below(9) * 0.5 + 0.25;
      case 5: return Text();
      case 6: {
        json::array array;
        for (int i = Below(4); i > 0; --i) array.push_back(Value(depth - 1));
        return array;
      }
      default: {
        json::object object;
        for (int i = Below(4); i > 0; --i) object[Name()] = Value(depth - 1);
        return object;
      }
    }
  }

  json::value Schema(int depth) {
    json::object schema;
    for (int i = Below(4); i > 0; --i) AddKeyword(schema, depth);
    return schema;
  }

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }
  template <class Item, size_t kCount>
  Item Pick(const Item (&items)[kCount]) {
    return items[Below(kCount)];
  }

  const char* Name() { return Pick({"a", "b", "ab", "c1"}); }
  const char* Text() { return Pick({"", "a", "ab", "é", "abc1", "12"}); }

  json::value Type() {
    static constexpr const char* kTypes[] = {"null",   "boolean", "object", "array",
                                             "string", "number",  "integer"};
    if (Below(3) > 0) return Pick(kTypes);
    json::array types{kTypes[Below(3)], kTypes[3 + Below(3)]};
    return types;
  }

  json::array Schemas(int depth) {
    json::array schemas;
    for (int i = 1 + Below(3); i > 0; --i) schemas.push_back(Schema(depth - 1));
    return schemas;
  }

  json::object NamedSchemas(int depth, bool patterns) {
    json::object named;
    for (int i = 1 + Below(3); i > 0; --i) {
      const char* const name = patterns ? Pick({"^a", "b$", "[0-9]"}) : Name();
      named[name] = Schema(depth - 1);
    }
    return named;
  }

  void AddKeyword(json::object& schema, int depth) {
    switch (Below(depth > 0 ? 21 : 13)) {
      case 0:
      case 1: schema["type"] = Type(); break;
      case 2: schema["enum"] = json::array{Value(1), Value(1), Value(0)}; break;
      case 3: schema["const"] = Value(1); break;
      case 4: schema[Pick({"minimum", "exclusiveMinimum"})] = Below(5) - 2; break;
      case 5: schema[Pick({"maximum", "exclusiveMaximum"})] = Below(5) - 2; break;
      case 6: schema["multipleOf"] = Pick({0.5, 1.5, 0.75}); break;
      case 7: schema[Pick({"minLength", "maxLength"})] = Below(4); break;
      case 8: schema["pattern"] = Pick({"^a", "b", "[0-9]$", "^$"}); break;
      case 9: schema[Pick({"minItems", "maxItems"})] = Below(3); break;
      case 10: schema["uniqueItems"] = Below(2) == 0; break;
      case 11: schema[Pick({"minProperties", "maxProperties"})] = Below(3); break;
      case 12: schema["required"] = json::array{Name()}; break;
      case 13: schema["items"] = Schema(depth - 1); break;
      case 14:
      case 15: schema["properties"] = NamedSchemas(depth, false); break;
      case 16: schema["patternProperties"] = NamedSchemas(depth, true); break;
      case 17:
        if (Below(2) == 0) {
          schema["additionalProperties"] = false;
        } else {
          schema["additionalProperties"] = Schema(depth - 1);
        }
        break;
      case 18: schema["allOf"] = Schemas(depth); break;
      case 19: schema[Pick({"anyOf", "oneOf"})] = Schemas(depth); break;
      default: schema["not"] = Schema(depth - 1); break;
    }
  }

  std::mt19937_64 random_;
};

bool PeerFits(const json::value& schema_json, const json::value& value) {
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::BoostJsonAdapter(schema_json), schema);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  return validator.validate(schema, valijson::adapters::BoostJsonAdapter(value), nullptr);
}

TEST(SchemaPeer, AgreesOnRandomSchemasAndValues) {
  Maker maker(20260131);
  int fitting = 0, failing = 0;
  for (int i = 0; i < 2000; ++i) {
    const json::value schema_json = maker.Schema(3);
    const auto schema = JsonSchema::Compile(schema_json);
    ASSERT_TRUE(schema) << json::serialize(schema_json) << ": " << schema.error().ToString();
    for (int j = 0; j < 4; ++j) {
      const json::value value = maker.Value(3);
      const bool ours = !schema->Check(value);
      ASSERT_EQ(ours, PeerFits(schema_json, value)) << json::serialize(schema_json) << "\n"
                                                    << json::serialize(value);
      ++(ours ? fitting : failing);
    }
  }
  // The comparison means something only while both happen often.
  EXPECT_GT(fitting, 1500);
  EXPECT_GT(failing, 1500);
}

}  // namespace
}  // namespace understudy
