// JSON Schema, compiled once and checked often.
//
// The subset that tools and response formats use: type (also lists), properties, required,
// additionalProperties, patternProperties, items, prefixItems, enum, const, anyOf, oneOf, allOf,
// not, $ref into the same document ($defs, definitions), minimum/maximum (and exclusive),
// multipleOf, minLength/maxLength (in code points), pattern (RE2: linear time on hostile input,
// unanchored), minItems/maxItems, uniqueItems, minProperties/maxProperties. Keywords we do not
// know are ignored, as the standard says. Source: JSON Schema 2020-12, and draft 7 where it differs
// in spelling only (items as a list, additionalItems, exclusiveMinimum as a boolean).
//
// Why not a library: valijson runs patterns through std::regex, which is exponential and
// overflows the stack on long input; this one is given schemas and answers by strangers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

// What becomes of a pattern that RE2 has no means for, such as a look-ahead or a back-reference.
enum class UnknownPatterns : uint8_t {
  kRefuse,  // the schema does not compile
  kSkip,    // any text fits it; everything else in the schema is still checked
};

class JsonSchema {
 public:
  // Fails with kInvalidInput naming the path in the schema ("#/properties/a"). No recursion, and at
  // most 4,096 schemas and 64 patterns in one. Linear in the size of the schema, of which nothing
  // is kept.
  static Result<JsonSchema> Compile(const json::value& schema,
                                    UnknownPatterns unknown = UnknownPatterns::kRefuse);
  static Result<JsonSchema> CompileText(std::string_view schema_text,
                                        UnknownPatterns unknown = UnknownPatterns::kRefuse);

  // nullopt when the value fits; else where and why: "$.date: expected string, got number". At most
  // 200 bytes, which name members and never hold the value's texts. Work is bounded (a few
  // milliseconds), also for schemas that recurse: what is not decided by then does not fit, and the
  // text says so. Thread-safe.
  std::optional<std::string> Check(const json::value& value) const;

  // About how many bytes it may come to occupy, for caches.
  size_t weight() const { return weight_; }

  struct Node;

 private:
  JsonSchema(std::shared_ptr<const Node> root, size_t weight)
      : root_(std::move(root)), weight_(weight) {}

  std::shared_ptr<const Node> root_;
  size_t weight_;
};

}  // namespace understudy
