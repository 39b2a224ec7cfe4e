#include "models/grammar_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace understudy {
namespace {

constexpr int kDeepest = 32;
constexpr int64_t kMostCounted = 1000;  // llama-server's repetitions end at 2000

struct TypeName {
  std::string_view said, meant;
};
// As other dialects spell them; lower case.
constexpr std::array<TypeName, 18> kTypes{{{"object", "object"},
                                           {"dict", "object"},
                                           {"array", "array"},
                                           {"list", "array"},
                                           {"tuple", "array"},
                                           {"string", "string"},
                                           {"str", "string"},
                                           {"text", "string"},
                                           {"number", "number"},
                                           {"float", "number"},
                                           {"double", "number"},
                                           {"decimal", "number"},
                                           {"integer", "integer"},
                                           {"int", "integer"},
                                           {"long", "integer"},
                                           {"boolean", "boolean"},
                                           {"bool", "boolean"},
                                           {"null", "null"}}};

json::object Anything() {
  return {{"type", {"object", "array", "string", "number", "boolean", "null"}}};
}

std::string_view TextOf(const json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

std::string_view KnownType(const json::value& value) {
  if (!value.is_string()) return {};
  std::string word(TextOf(value));
  std::ranges::transform(word, word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  for (const TypeName& type : kTypes) {
    if (type.said == word) return type.meant;
  }
  return {};
}

json::string Text(std::string_view text) {
  return json::string(text.data(), text.size());
}

// Characters, classes, groups and counts between ^ and $: what llama-server is sure to take.
bool IsPlainPattern(std::string_view pattern) {
  if (!pattern.starts_with('^') || !pattern.ends_with('$')) return false;
  pattern = pattern.substr(1, pattern.size() - 2);
  int groups = 0;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view(" -_:,/@#").find(c) != std::string_view::npos;
    if (plain) continue;
    if (in_class) {
      if (c != ']') return false;
      in_class = false;
    } else if (c == '[') {
      in_class = true;
      if (pattern.substr(i + 1, 1) == "]") return false;
    } else if (c == '(') {
      ++groups;
      if (pattern.substr(i + 1, 1) == "?") return false;
    } else if (c == ')') {
      if (--groups < 0) return false;
    } else if (c != '|' && c != '+' && c != '*' && c != '?') {
      return false;  // counts, too: {1,5000} would be one too many
    }
    const bool repeats = c == '+' || c == '*' || c == '?';
    const std::string_view before = i == 0 ? "(" : pattern.substr(i - 1, 1);
    if (repeats && std::string_view("(|+*?").find(before) != std::string_view::npos) return false;
  }
  return groups == 0 && !in_class;
}

class Widener {
 public:
  explicit Widener(const json::value& root) : root_(root) {}

  json::value Widen(const json::value& schema, int depth) {
    if (depth > kDeepest || !schema.is_object()) return Anything();
    const json::object& in = schema.get_object();
    if (const json::value* target = in.if_contains("$ref")) return Reference(*target);
    if (const json::value* constant = in.if_contains("const"))
      return json::object{{"const", *constant}};
    if (const json::value* words = in.if_contains("enum")) {
      if (words->is_array() && !words->get_array().empty()) return json::object{{"enum", *words}};
      return Anything();
    }
    for (const char* key : {"anyOf", "oneOf"}) {
      if (const json::value* choices = in.if_contains(key)) return AnyOf(*choices, depth);
    }
    if (const json::value* all = in.if_contains("allOf")) {
      if (in.contains("properties") || !all->is_array() || all->get_array().size() != 1)
        return Anything();
      return Widen(all->get_array()[0], depth + 1);
    }
    return ByType(in, depth);
  }

  // The definitions that references lead to, at the root.
  void CopyDefinitions(json::object& out) {
    for (const char* key : {"$defs", "definitions"}) {
      const json::value* all = Find(root_, key);
      if (!all || !all->is_object()) continue;
      json::object& copies = (out[key] = json::object()).get_object();
      for (const auto& [name, schema] : all->get_object()) copies[name] = Widen(schema, 1);
    }
  }

 private:
  // Only whole definitions are sure to survive the widening of what is around them.
  json::value Reference(const json::value& target) const {
    if (!target.is_string()) return Anything();
    const std::string_view path = TextOf(target);
    for (const std::string_view key : {"$defs", "definitions"}) {
      const std::string begin = "#/" + std::string(key) + "/";
      if (!path.starts_with(begin)) continue;
      const std::string_view name = path.substr(begin.size());
      if (name.find_first_of("/~%") != std::string_view::npos) continue;
      const json::value* all = Find(root_, key);
      if (all && all->is_object() && Find(*all, name)) return json::object{{"$ref", target}};
    }
    return Anything();
  }

  json::value AnyOf(const json::value& choices, int depth) {
    if (!choices.is_array() || choices.get_array().empty()) return Anything();
    json::array out;
    for (const json::value& choice : choices.get_array()) out.push_back(Widen(choice, depth + 1));
    return json::object{{"anyOf", std::move(out)}};
  }

  json::value ByType(const json::object& in, int depth) {
    const json::value* said = in.if_contains("type");
    if (said && said->is_array()) return SeveralTypes(in, said->get_array(), depth);
    std::string_view type = said ? KnownType(*said) : std::string_view();
    if (type.empty()) {
      if (said && !said->is_null()) return Anything();
      if (in.contains("properties")) type = "object";
      if (type.empty()) return Anything();
    }
    json::value one = OfType(in, type, depth);
    const json::value* nullable = in.if_contains("nullable");
    if (!nullable || !nullable->is_bool() || !nullable->get_bool()) return one;
    return json::object{{"anyOf", {std::move(one), {{"type", "null"}}}}};
  }

  json::value SeveralTypes(const json::object& in, const json::array& types, int depth) {
    json::array out;
    for (const json::value& said : types) {
      const std::string_view type = KnownType(said);
      if (type.empty()) return Anything();
      out.push_back(OfType(in, type, depth));
    }
    if (out.empty()) return Anything();
    if (out.size() == 1) return out[0];
    return json::object{{"anyOf", std::move(out)}};
  }

  json::value OfType(const json::object& in, std::string_view type, int depth) {
    json::object out{{"type", Text(type)}};
    if (type == "object") Object(in, depth, out);
    if (type == "array") Array(in, depth, out);
    if (type == "string") String(in, out);
    if (type == "integer") Integer(in, out);
    return out;
  }

  void Object(const json::object& in, int depth, json::object& out) {
    const json::value* required = in.if_contains("required");
    const json::value* properties = in.if_contains("properties");
    json::object widened;
    if (properties && properties->is_object()) {
      for (const auto& [name, schema] : properties->get_object()) {
        const bool never = schema.is_bool() && !schema.get_bool();
        if (!never) widened[name] = Widen(schema, depth + 1);
      }
    }
    json::array needed;
    if (required && required->is_array()) {
      for (const json::value& name : required->get_array()) {
        if (!name.is_string()) continue;
        if (!widened.contains(name.get_string())) widened[name.get_string()] = Anything();
        needed.push_back(name);
      }
    }
    const json::value* more = in.if_contains("additionalProperties");
    const bool closed =
        more && more->is_bool() && !more->get_bool() && !in.contains("patternProperties");
    if (!widened.empty()) out["properties"] = std::move(widened);
    if (!needed.empty()) out["required"] = std::move(needed);
    if (closed) out["additionalProperties"] = false;
    if (more && more->is_object() && !in.contains("patternProperties")) {
      out["additionalProperties"] = Widen(*more, depth + 1);
    }
  }

  void Array(const json::object& in, int depth, json::object& out) {
    const json::value* items = in.if_contains("items");
    if (items && items->is_object() && !in.contains("prefixItems"))
      out["items"] = Widen(*items, depth + 1);
    Counts(in, "minItems", "maxItems", out);
  }

  void String(const json::object& in, json::object& out) {
    Counts(in, "minLength", "maxLength", out);
    const json::value* pattern = in.if_contains("pattern");
    if (!pattern || !pattern->is_string() || out.contains("minLength") || out.contains("maxLength"))
      return;
    if (IsPlainPattern(TextOf(*pattern))) out["pattern"] = *pattern;
  }

  static void Counts(const json::object& in, std::string_view least, std::string_view most,
                     json::object& out) {
    int64_t low = 0;
    if (const json::value* value = in.if_contains(least); value && value->is_int64()) {
      low = std::clamp<int64_t>(value->get_int64(), 0, kMostCounted);
      if (low > 0) out[least] = low;
    }
    if (const json::value* value = in.if_contains(most); value && value->is_int64()) {
      const int64_t high = value->get_int64();
      if (high >= low && high <= kMostCounted) out[most] = high;
    }
  }

  static void Integer(const json::object& in, json::object& out) {
    constexpr int64_t kFar = int64_t{1} << 53;
    const auto bound = [&](std::string_view key) {
      const json::value* value = in.if_contains(key);
      if (value && value->is_int64() && std::abs(value->get_int64()) < kFar) out[key] = *value;
    };
    bound("minimum");
    bound("maximum");
    if (out.contains("minimum") && out.contains("maximum") &&
        out["minimum"].get_int64() > out["maximum"].get_int64()) {
      out.erase("maximum");
    }
  }

  const json::value& root_;
};

}  // namespace

json::value GrammarSchema(const json::value& schema) {
  Widener widener(schema);
  json::value out = widener.Widen(schema, 0);
  if (out.is_object()) widener.CopyDefinitions(out.get_object());
  return out;
}

json::value AnyObjectSchema() {
  return {{"type", "object"}};
}

}  // namespace understudy
