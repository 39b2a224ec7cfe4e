// A compiled schema: what one schema object demands of a value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reason/pattern.h"
#include "reason/schema.h"

namespace understudy {

// JSON's types as bits; an integral number is both an integer and a number.
enum JsonType : uint8_t {
  kNullType = 1,
  kBooleanType = 2,
  kObjectType = 4,
  kArrayType = 8,
  kStringType = 16,
  kIntegerType = 32,
  kNumberType = 64,
};

inline long double ExactNumber(const json::value& number) {
  if (number.is_int64()) return static_cast<long double>(number.get_int64());
  if (number.is_uint64()) return static_cast<long double>(number.get_uint64());
  return number.get_double();
}

struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

// Values to be equal to; found by hash, so that long lists cost no more than short ones.
struct ValueSet {
  std::vector<json::value> values;
  std::unordered_multimap<uint64_t, size_t> by_hash;  // HashJson -> index in values
};

// Nodes point to each other, in circles where the schema recurses; one owner keeps them all.
// Empty members demand nothing. `long double` holds every int64, uint64 and double exactly.
struct JsonSchema::Node {
  bool never = false;                     // the schema `false`
  uint8_t types = 0;                      // of JsonType; 0: any
  std::optional<ValueSet> one_of_values;  // enum
  std::optional<ValueSet> const_value;    // const

  std::optional<long double> minimum, maximum, above, below, multiple_of;
  std::optional<size_t> min_length, max_length;
  std::shared_ptr<const Pattern> pattern;

  std::optional<size_t> min_items, max_items;
  bool unique_items = false;
  std::vector<const Node*> prefix_items;
  const Node* items = nullptr;  // of those after prefix_items

  std::optional<size_t> min_properties, max_properties;
  std::vector<std::string> required;
  std::unordered_map<std::string, const Node*, NameHash, std::equal_to<>> properties;
  std::vector<std::pair<std::shared_ptr<const Pattern>, const Node*>> pattern_properties;
  const Node* additional_properties = nullptr;

  std::vector<const Node*> all_of;  // and $ref
  std::vector<const Node*> any_of;
  std::vector<const Node*> one_of;
  const Node* negated = nullptr;  // not
};

}  // namespace understudy
