#include <charconv>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "reason/json_hash.h"
#include "reason/schema_node.h"

namespace understudy {
namespace {

using Node = JsonSchema::Node;

constexpr size_t kMaxNodes = 4096;
constexpr size_t kMaxPatterns = 64;
constexpr size_t kMaxPath = 160;
constexpr size_t kValueBytes = 64;  // of one value in an enum, about

constexpr std::pair<std::string_view, uint8_t> kTypeNames[] = {
    {"null", kNullType},     {"boolean", kBooleanType}, {"object", kObjectType},
    {"array", kArrayType},   {"string", kStringType},   {"integer", kIntegerType},
    {"number", kNumberType},
};

std::string_view View(const json::string& text) {
  return {text.data(), text.size()};
}

// "a%25b" -> "a%b": JSON pointers in URI fragments are encoded so (RFC 6901, section 6).
std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto end = digits.data() + digits.size();
    const bool encoded = text[i] == '%' && digits.size() == 2 &&
                         std::from_chars(digits.data(), end, code, 16).ptr == end;
    decoded += encoded ? static_cast<char>(code) : text[i];
    if (encoded) i += 2;
  }
  return decoded;
}

// ~1 is a slash and ~0 a tilde (RFC 6901, section 4).
std::string Unescaped(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    text += escape ? (token[i + 1] == '1' ? '/' : '~') : token[i];
    if (escape) ++i;
  }
  return text;
}

const json::value* Step(const json::value& from, const std::string& token) {
  if (const auto* object = from.if_object()) return object->if_contains(token);
  const auto* array = from.if_array();
  if (!array || token.empty()) return nullptr;
  size_t index = 0;
  const char* const end = token.data() + token.size();
  const auto [rest, error] = std::from_chars(token.data(), end, index);
  if (rest != end || error != std::errc()) return nullptr;
  return array->if_contains(index);
}

// The value that "#/a/0" stands for; null where there is none.
const json::value* Resolve(const json::value& document, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  const std::string pointer = PercentDecoded(reference.substr(1));
  if (!pointer.empty() && pointer[0] != '/') return nullptr;
  const json::value* at = &document;
  for (size_t begin = 1; at && begin <= pointer.size();) {
    const size_t end = std::min(pointer.find('/', begin), pointer.size());
    at = Step(*at, Unescaped(std::string_view(pointer).substr(begin, end - begin)));
    begin = end + 1;
  }
  return at;
}

ValueSet SetOf(const json::array& values) {
  ValueSet set;
  size_t work = 0;
  for (const json::value& value : values) {
    set.by_hash.emplace(HashJson(value, &work), set.values.size());
    set.values.push_back(value);
  }
  return set;
}

class Compiler {
 public:
  Compiler(const json::value& document, UnknownPatterns unknown)
      : document_(document), unknown_(unknown) {}

  // Breadth first and without recursion, so that no schema is too deep, and circles close by
  // themselves.
  Status Run() {
    NodeFor(document_, "#");
    for (current_ = 0; current_ < pending_.size(); ++current_) {
      if (pending_.size() > kMaxNodes) {
        return Bad("#", fmt::format("more than {} schemas", kMaxNodes));
      }
      TRY_VOID(Fill());
    }
    return {};
  }

  std::shared_ptr<const Node> TakeRoot() { return {program_, &program_->front()}; }
  size_t weight() const {
    return program_->size() * sizeof(Node) + patterns_.size() * Pattern::kMaxBytes +
           values_ * kValueBytes;
  }

 private:
  struct Pending {
    const json::value* schema;
    Node* node;
    size_t parent;
    std::string step;  // from the parent
  };

  // The node of `schema`, filled later.
  const Node* NodeFor(const json::value& schema, std::string step) {
    Node*& node = nodes_[&schema];
    if (!node) {
      node = &program_->emplace_back();
      pending_.push_back({&schema, node, current_, std::move(step)});
    }
    return node;
  }

  std::string Path(std::string_view keyword) const {
    std::string path(keyword);
    for (size_t at = current_;; at = pending_[at].parent) {
      path = path.empty() ? pending_[at].step : pending_[at].step + "/" + path;
      if (at == 0 || path.size() > kMaxPath) break;
    }
    return path.size() > kMaxPath ? "..." + path.substr(path.size() - kMaxPath) : path;
  }
  std::unexpected<Error> Bad(std::string_view keyword, std::string_view what) const {
    return Fail(InvalidInput(fmt::format("schema: {}", what)).At(Path(keyword)));
  }

  Status Fill();
  Status FillTypes(Node& node);
  Status FillValues(Node& node);
  Status FillNumbers(Node& node);
  Status FillTexts(Node& node);
  Status FillItems(Node& node);
  Status FillMembers(Node& node);
  Status FillCombinations(Node& node);

  // One keyword of the current schema each; absent keywords leave their target alone.
  const json::value* Get(std::string_view keyword) const { return object_->if_contains(keyword); }
  Status Count(std::string_view keyword, std::optional<size_t>& target) const;
  Status Number(std::string_view keyword, std::optional<long double>& target) const;
  Status Child(std::string_view keyword, const Node*& target);
  Status Children(std::string_view keyword, std::vector<const Node*>& target);
  Result<std::shared_ptr<const Pattern>> Compiled(std::string_view keyword, std::string_view text);

  const json::value& document_;
  const UnknownPatterns unknown_;
  // A deque, as nodes point to each other.
  std::shared_ptr<std::deque<Node>> program_ = std::make_shared<std::deque<Node>>();
  std::unordered_map<const json::value*, Node*> nodes_;
  std::unordered_map<std::string, std::shared_ptr<const Pattern>> patterns_;
  size_t values_ = 0;
  std::vector<Pending> pending_;
  size_t current_ = 0;
  const json::object* object_ = nullptr;  // the current schema
};

Status Compiler::Fill() {
  const json::value& schema = *pending_[current_].schema;
  Node& node = *pending_[current_].node;
  if (schema.is_bool()) {
    node.never = !schema.get_bool();
    return {};
  }
  object_ = schema.if_object();
  if (!object_) return Bad("", "expected an object or a boolean");
  TRY_VOID(FillTypes(node));
  TRY_VOID(FillValues(node));
  TRY_VOID(FillNumbers(node));
  TRY_VOID(FillTexts(node));
  TRY_VOID(FillItems(node));
  TRY_VOID(FillMembers(node));
  return FillCombinations(node);
}

Status Compiler::FillTypes(Node& node) {
  const json::value* type = Get("type");
  if (!type) return {};
  const json::array names = type->is_array() ? type->get_array() : json::array{*type};
  for (const json::value& name : names) {
    const auto known =
        std::find_if(std::begin(kTypeNames), std::end(kTypeNames), [&](const auto& entry) {
          const auto* text = name.if_string();
          return text && View(*text) == entry.first;
        });
    if (known == std::end(kTypeNames)) return Bad("type", "expected names of JSON types");
    node.types |= known->second;
  }
  if (node.types == 0) return Bad("type", "expected at least one type");
  return {};
}

Status Compiler::FillValues(Node& node) {
  if (const json::value* values = Get("enum")) {
    if (!values->is_array()) return Bad("enum", "expected an array");
    node.one_of_values = SetOf(values->get_array());
    values_ += node.one_of_values->values.size();
  }
  if (const json::value* value = Get("const")) node.const_value = SetOf(json::array{*value});
  return {};
}

Status Compiler::FillNumbers(Node& node) {
  TRY_VOID(Number("minimum", node.minimum));
  TRY_VOID(Number("maximum", node.maximum));
  TRY_VOID(Number("multipleOf", node.multiple_of));
  if (node.multiple_of && *node.multiple_of <= 0) return Bad("multipleOf", "expected more than 0");
  // Before draft 6 a boolean said whether minimum itself was excluded.
  const auto exclusive = [&](std::string_view keyword, auto& limit, auto& inclusive) -> Status {
    const json::value* value = Get(keyword);
    if (!value || !value->is_bool()) return Number(keyword, limit);
    if (value->get_bool()) limit = std::exchange(inclusive, std::nullopt);
    return {};
  };
  TRY_VOID(exclusive("exclusiveMinimum", node.above, node.minimum));
  return exclusive("exclusiveMaximum", node.below, node.maximum);
}

Status Compiler::FillTexts(Node& node) {
  TRY_VOID(Count("minLength", node.min_length));
  TRY_VOID(Count("maxLength", node.max_length));
  const json::value* pattern = Get("pattern");
  if (!pattern) return {};
  if (!pattern->is_string()) return Bad("pattern", "expected a string");
  TRY(node.pattern, Compiled("pattern", View(pattern->get_string())));
  return {};
}

Status Compiler::FillItems(Node& node) {
  TRY_VOID(Count("minItems", node.min_items));
  TRY_VOID(Count("maxItems", node.max_items));
  if (const json::value* unique = Get("uniqueItems")) {
    if (!unique->is_bool()) return Bad("uniqueItems", "expected a boolean");
    node.unique_items = unique->get_bool();
  }
  const json::value* items = Get("items");
  if (items && items->is_array()) {  // draft 7's spelling of prefixItems
    TRY_VOID(Children("items", node.prefix_items));
    return Child("additionalItems", node.items);
  }
  TRY_VOID(Children("prefixItems", node.prefix_items));
  return Child("items", node.items);
}

Status Compiler::FillMembers(Node& node) {
  TRY_VOID(Count("minProperties", node.min_properties));
  TRY_VOID(Count("maxProperties", node.max_properties));
  TRY_VOID(Child("additionalProperties", node.additional_properties));
  if (const json::value* required = Get("required")) {
    if (!required->is_array()) return Bad("required", "expected an array of strings");
    for (const json::value& name : required->get_array()) {
      if (!name.is_string()) return Bad("required", "expected an array of strings");
      node.required.emplace_back(View(name.get_string()));
    }
  }
  if (const json::value* properties = Get("properties")) {
    if (!properties->is_object()) return Bad("properties", "expected an object");
    for (const auto& member : properties->get_object()) {
      node.properties.emplace(
          member.key(),
          NodeFor(member.value(), fmt::format("properties/{}", std::string_view(member.key()))));
    }
  }
  const json::value* patterns = Get("patternProperties");
  if (!patterns) return {};
  if (!patterns->is_object()) return Bad("patternProperties", "expected an object");
  for (const auto& member : patterns->get_object()) {
    TRY(auto pattern, Compiled("patternProperties", member.key()));
    node.pattern_properties.emplace_back(
        std::move(pattern), NodeFor(member.value(), fmt::format("patternProperties/{}",
                                                                std::string_view(member.key()))));
  }
  return {};
}

Status Compiler::FillCombinations(Node& node) {
  TRY_VOID(Children("allOf", node.all_of));
  TRY_VOID(Children("anyOf", node.any_of));
  TRY_VOID(Children("oneOf", node.one_of));
  TRY_VOID(Child("not", node.negated));
  const json::value* reference = Get("$ref");
  if (!reference) return {};
  if (!reference->is_string()) return Bad("$ref", "expected a string");
  const json::value* target = Resolve(document_, View(reference->get_string()));
  if (!target) return Bad("$ref", "expected a JSON pointer into the same document");
  node.all_of.push_back(NodeFor(*target, "$ref"));
  return {};
}

Status Compiler::Count(std::string_view keyword, std::optional<size_t>& target) const {
  const json::value* value = Get(keyword);
  if (!value) return {};
  boost::system::error_code inexact;
  const auto count = value->is_number() ? value->to_number<uint64_t>(inexact) : 0;
  if (!value->is_number() || inexact) return Bad(keyword, "expected an integer >= 0");
  target = count;
  return {};
}

Status Compiler::Number(std::string_view keyword, std::optional<long double>& target) const {
  const json::value* value = Get(keyword);
  if (!value) return {};
  if (!value->is_number()) return Bad(keyword, "expected a number");
  target = ExactNumber(*value);
  return {};
}

Status Compiler::Child(std::string_view keyword, const Node*& target) {
  if (const json::value* value = Get(keyword)) target = NodeFor(*value, std::string(keyword));
  return {};
}

Status Compiler::Children(std::string_view keyword, std::vector<const Node*>& target) {
  const json::value* value = Get(keyword);
  if (!value) return {};
  const auto* list = value->if_array();
  if (!list || list->empty()) return Bad(keyword, "expected a list of schemas");
  for (const json::value& schema : *list) {
    target.push_back(NodeFor(schema, fmt::format("{}/{}", keyword, target.size())));
  }
  return {};
}

// Null for a pattern to be skipped.
Result<std::shared_ptr<const Pattern>> Compiler::Compiled(std::string_view keyword,
                                                          std::string_view text) {
  auto& known = patterns_[std::string(text)];
  if (known) return known;
  if (patterns_.size() > kMaxPatterns) {
    return Bad(keyword, fmt::format("more than {} patterns", kMaxPatterns));
  }
  auto pattern = Pattern::Compile(text);
  if (pattern) return known = *std::move(pattern);
  if (unknown_ == UnknownPatterns::kSkip) return nullptr;
  return Fail(std::move(pattern).error().At(Path(keyword)));
}

}  // namespace

Result<JsonSchema> JsonSchema::Compile(const json::value& schema, UnknownPatterns unknown) {
  Compiler compiler(schema, unknown);
  TRY_VOID(compiler.Run());
  return JsonSchema(compiler.TakeRoot(), compiler.weight());
}

Result<JsonSchema> JsonSchema::CompileText(std::string_view schema_text, UnknownPatterns unknown) {
  TRY(const json::value schema, ParseJson(schema_text));
  return Compile(schema, unknown);
}

}  // namespace understudy
