#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "reason/json_hash.h"
#include "reason/schema_node.h"

namespace understudy {
namespace {

using Node = JsonSchema::Node;

constexpr size_t kMaxWork = 200'000;  // about 10 ms
constexpr size_t kMaxDepth = 512;     // of schemas within schemas while checking
constexpr size_t kMaxMessage = 200;
constexpr size_t kMaxName = 40;         // of a member's name in a message
constexpr size_t kMaxListedValues = 5;  // of an enum in a message

uint8_t TypesOf(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return kNullType;
    case json::kind::bool_: return kBooleanType;
    case json::kind::object: return kObjectType;
    case json::kind::array: return kArrayType;
    case json::kind::string: return kStringType;
    case json::kind::double_: {
      const double number = value.get_double();
      return number == std::trunc(number) ? kIntegerType | kNumberType : kNumberType;
    }
    default: return kIntegerType | kNumberType;
  }
}

std::string_view TypeName(const json::value& value) {
  const uint8_t types = TypesOf(value);
  if (types == kNullType) return "null";
  if (types == kBooleanType) return "boolean";
  if (types == kObjectType) return "object";
  if (types == kArrayType) return "array";
  return types == kStringType ? "string" : "number";
}

std::string TypeNames(uint8_t types) {
  static constexpr std::pair<uint8_t, std::string_view> kNames[] = {
      {kNullType, "null"},     {kBooleanType, "boolean"}, {kObjectType, "object"},
      {kArrayType, "array"},   {kStringType, "string"},   {kIntegerType, "integer"},
      {kNumberType, "number"},
  };
  std::string names;
  for (const auto& [bit, name] : kNames) {
    if (types & bit) names.append(names.empty() ? "" : " or ").append(name);
  }
  return names;
}

// At most `limit` bytes, never ending inside a UTF-8 sequence.
std::string Shortened(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  size_t end = limit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Within the precision of a double: 0.3 is a multiple of 0.1.
bool IsMultiple(long double value, long double of) {
  const long double quotient = value / of;
  if (!std::isfinite(static_cast<double>(quotient))) return false;
  const long double error = std::fabs(quotient - std::round(quotient));
  return error <= std::fabs(quotient) * 2 * std::numeric_limits<double>::epsilon();
}

// One check of one value. Failures inside anyOf, oneOf and not are only counted, not told.
class Checker {
 public:
  std::optional<std::string> Run(const Node& root, const json::value& value) {
    const bool fits = Fits(root, value);
    if (gave_up_) {
      return fmt::format("$: not decided within {} steps and {} levels of the schema", kMaxWork,
                         kMaxDepth);
    }
    if (fits) return std::nullopt;
    return message_;
  }

 private:
  struct PathStep {
    std::string_view name;  // of a member; empty data pointer: an item
    size_t index = 0;
  };

  bool Fits(const Node& node, const json::value& value);
  bool FitsType(const Node& node, const json::value& value);
  bool FitsValues(const Node& node, const json::value& value);
  bool FitsNumber(const Node& node, const json::value& value);
  bool FitsText(const Node& node, std::string_view text);
  bool FitsArray(const Node& node, const json::array& array);
  bool AllUnique(const json::array& array);
  bool FitsObject(const Node& node, const json::object& object);
  bool FitsMember(const Node& node, std::string_view name, const json::value& value);
  bool FitsCombinations(const Node& node, const json::value& value);
  size_t CountFitting(const std::vector<const Node*>& nodes, const json::value& value, size_t stop);
  bool FitsQuietly(const Node& node, const json::value& value);
  bool FitsAt(PathStep step, const Node& node, const json::value& value);
  bool Has(const ValueSet& set, const json::value& value);

  // False, so that it can be returned, and GaveUp() from then on.
  bool Spend(size_t work) {
    work_ += work;
    gave_up_ = gave_up_ || work_ > kMaxWork;
    return !gave_up_;
  }
  // False, so that it can be returned.
  template <class... Args>
  bool No(fmt::format_string<Args...> format, Args&&... args) {
    if (quiet_ == 0 && message_.empty()) {
      Tell(fmt::format(format, std::forward<Args>(args)...));
    }
    return false;
  }
  void Tell(std::string_view what);
  std::string Path() const;

  std::vector<PathStep> path_;
  std::string message_;
  size_t work_ = 0, depth_ = 0, quiet_ = 0;
  bool gave_up_ = false;
};

std::string Checker::Path() const {
  std::string path = "$";
  for (const PathStep& step : path_) {
    if (!step.name.data()) {
      path += fmt::format("[{}]", step.index);
    } else if (step.name.find_first_of(". []\"") == std::string_view::npos && !step.name.empty()) {
      path.append(".").append(Shortened(step.name, kMaxName));
    } else {
      path.append("[").append(JsonString(Shortened(step.name, kMaxName))).append("]");
    }
    if (path.size() > kMaxMessage) break;
  }
  return Shortened(path, kMaxMessage / 2);
}

void Checker::Tell(std::string_view what) {
  message_ = Shortened(fmt::format("{}: {}", Path(), what), kMaxMessage);
}

bool Checker::Fits(const Node& node, const json::value& value) {
  if (depth_ >= kMaxDepth) gave_up_ = true;
  if (!Spend(1)) return false;
  if (node.never) return No("nothing is allowed here");
  ++depth_;
  bool fits = FitsType(node, value) && FitsValues(node, value);
  if (fits && value.is_number()) fits = FitsNumber(node, value);
  if (const auto* text = value.if_string(); fits && text) {
    fits = FitsText(node, {text->data(), text->size()});
  }
  if (const auto* array = value.if_array(); fits && array) fits = FitsArray(node, *array);
  if (const auto* object = value.if_object(); fits && object) fits = FitsObject(node, *object);
  fits = fits && FitsCombinations(node, value);
  --depth_;
  return fits && !gave_up_;
}

bool Checker::FitsAt(PathStep step, const Node& node, const json::value& value) {
  path_.push_back(step);
  const bool fits = Fits(node, value);
  path_.pop_back();
  return fits;
}

bool Checker::FitsType(const Node& node, const json::value& value) {
  if (node.types == 0 || (node.types & TypesOf(value))) return true;
  return No("expected {}, got {}", TypeNames(node.types), TypeName(value));
}

bool Checker::Has(const ValueSet& set, const json::value& value) {
  size_t work = 0;
  const auto [begin, end] = set.by_hash.equal_range(HashJson(value, &work));
  return Spend(work) && std::any_of(begin, end, [&](const auto& entry) {
           return SameJson(set.values[entry.second], value);
         });
}

bool Checker::FitsValues(const Node& node, const json::value& value) {
  if (node.const_value && !Has(*node.const_value, value)) {
    return No("expected {}", Shortened(json::serialize(node.const_value->values[0]), kMaxName * 2));
  }
  if (!node.one_of_values || Has(*node.one_of_values, value)) return true;
  if (quiet_ > 0) return false;
  std::string values;
  const auto& all = node.one_of_values->values;
  for (size_t i = 0; i < std::min(all.size(), kMaxListedValues); ++i) {
    values.append(i == 0 ? "" : ", ").append(Shortened(json::serialize(all[i]), kMaxName));
  }
  return No("expected one of {}{}", values, all.size() > kMaxListedValues ? ", ..." : "");
}

bool Checker::FitsNumber(const Node& node, const json::value& value) {
  const auto text = [](long double limit) { return fmt::format("{}", static_cast<double>(limit)); };
  const long double number = ExactNumber(value);
  if (node.minimum && number < *node.minimum) return No("expected >= {}", text(*node.minimum));
  if (node.maximum && number > *node.maximum) return No("expected <= {}", text(*node.maximum));
  if (node.above && number <= *node.above) return No("expected > {}", text(*node.above));
  if (node.below && number >= *node.below) return No("expected < {}", text(*node.below));
  if (node.multiple_of && !IsMultiple(number, *node.multiple_of)) {
    return No("expected a multiple of {}", text(*node.multiple_of));
  }
  return true;
}

bool Checker::FitsText(const Node& node, std::string_view text) {
  if (node.min_length || node.max_length) {
    if (!Spend(text.size() / 256)) return false;
    const size_t length = CodePoints(text);
    if (node.min_length && length < *node.min_length) {
      return No("expected at least {} characters, got {}", *node.min_length, length);
    }
    if (node.max_length && length > *node.max_length) {
      return No("expected at most {} characters, got {}", *node.max_length, length);
    }
  }
  if (!node.pattern) return true;
  if (!Spend(1 + text.size() / 16)) return false;
  return node.pattern->Matches(text) || No("does not match the pattern");
}

bool Checker::FitsArray(const Node& node, const json::array& array) {
  if (node.min_items && array.size() < *node.min_items) {
    return No("expected at least {} items, got {}", *node.min_items, array.size());
  }
  if (node.max_items && array.size() > *node.max_items) {
    return No("expected at most {} items, got {}", *node.max_items, array.size());
  }
  for (size_t i = 0; i < array.size(); ++i) {
    const Node* item = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
    if (!item) break;
    if (!FitsAt({.index = i}, *item, array[i])) return false;
  }
  return !node.unique_items || AllUnique(array);
}

bool Checker::AllUnique(const json::array& array) {
  std::unordered_multimap<uint64_t, const json::value*> seen;
  for (const json::value& item : array) {
    size_t work = 0;
    const uint64_t hash = HashJson(item, &work);
    const auto [begin, end] = seen.equal_range(hash);
    for (auto same = begin; same != end; ++same) {
      if (!Spend(work)) return false;  // hashes made to collide
      if (SameJson(*same->second, item)) return No("expected items that all differ");
    }
    if (!Spend(work)) return false;
    seen.emplace(hash, &item);
  }
  return true;
}

bool Checker::FitsObject(const Node& node, const json::object& object) {
  if (!Spend(node.required.size() / 4)) return false;
  for (const std::string& name : node.required) {
    if (object.contains(name)) continue;
    return No("\"{}\" is missing", Shortened(name, kMaxName));
  }
  if (node.min_properties && object.size() < *node.min_properties) {
    return No("expected at least {} members, got {}", *node.min_properties, object.size());
  }
  if (node.max_properties && object.size() > *node.max_properties) {
    return No("expected at most {} members, got {}", *node.max_properties, object.size());
  }
  if (node.properties.empty() && node.pattern_properties.empty() && !node.additional_properties) {
    return true;
  }
  return std::all_of(object.begin(), object.end(), [&](const auto& member) {
    return FitsMember(node, member.key(), member.value());
  });
}

bool Checker::FitsMember(const Node& node, std::string_view name, const json::value& value) {
  bool known = false;
  if (const auto found = node.properties.find(name); found != node.properties.end()) {
    known = true;
    if (!FitsAt({.name = name}, *found->second, value)) return false;
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (!Spend(1 + name.size() / 16)) return false;
    if (pattern && !pattern->Matches(name)) continue;
    known = true;  // also where the pattern is one that we cannot judge
    if (pattern && !FitsAt({.name = name}, *schema, value)) return false;
  }
  if (known || !node.additional_properties) return true;
  if (node.additional_properties->never) {
    return No("unknown member \"{}\"", Shortened(name, kMaxName));
  }
  return FitsAt({.name = name}, *node.additional_properties, value);
}

bool Checker::FitsQuietly(const Node& node, const json::value& value) {
  ++quiet_;
  const bool fits = Fits(node, value);
  --quiet_;
  return fits;
}

// How many fit, counting no further than `stop`.
size_t Checker::CountFitting(const std::vector<const Node*>& nodes, const json::value& value,
                             size_t stop) {
  size_t fitting = 0;
  for (const Node* node : nodes) {
    if (fitting == stop || gave_up_) break;
    if (FitsQuietly(*node, value)) ++fitting;
  }
  return fitting;
}

bool Checker::FitsCombinations(const Node& node, const json::value& value) {
  for (const Node* all : node.all_of) {
    if (!Fits(*all, value)) return false;
  }
  if (!node.any_of.empty() && CountFitting(node.any_of, value, 1) == 0) {
    return No("fits none of {} alternatives", node.any_of.size());
  }
  if (!node.one_of.empty()) {
    const size_t fitting = CountFitting(node.one_of, value, 2);
    if (fitting == 0) return No("fits none of {} alternatives", node.one_of.size());
    if (fitting > 1) return No("fits more than one of {} alternatives", node.one_of.size());
  }
  if (node.negated && FitsQuietly(*node.negated, value)) return No("fits what it must not");
  return true;
}

}  // namespace

std::optional<std::string> JsonSchema::Check(const json::value& value) const {
  return Checker().Run(*root_, value);
}

}  // namespace understudy
