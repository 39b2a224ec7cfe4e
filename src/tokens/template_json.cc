#include "tokens/template_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <simdjson.h>

namespace understudy {
namespace {

constexpr int kLeastFixed = -4, kMostFixed = 16;  // decimal exponents written without one

void AppendText(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// The fewest digits that read back as the same number; 1e+16 and above, and below 1e-04, with an
// exponent of at least two digits; else with a point.
void AppendNumber(std::string& out, double number) {
  char digits[64];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific).ptr;
  const std::string_view shortest(digits, static_cast<size_t>(end - digits));
  int exponent = 0;
  const size_t mark = shortest.find('e');
  const bool is_positive = shortest[mark + 1] == '+';
  std::from_chars(digits + mark + 1 + (is_positive ? 1 : 0), end, exponent);
  if (exponent < kLeastFixed || exponent >= kMostFixed) {
    out += shortest;
    return;
  }
  const auto fixed_end =
      std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed).ptr;
  const std::string_view fixed(digits, static_cast<size_t>(fixed_end - digits));
  out += fixed;
  if (fixed.find('.') == fixed.npos) out += ".0";
}

template <class Items, class AppendItem>
void AppendList(std::string& out, const Items& items, AppendItem append) {
  const char* before = "";
  for (const auto& item : items) {
    out += before;
    append(item);
    before = ", ";
  }
}

json::value ValueOf(const simdjson::dom::element& element) {
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::ARRAY: {
      json::array array;
      const simdjson::dom::array items = element.get_array().value_unsafe();
      for (const auto item : items) array.push_back(ValueOf(item));
      return array;
    }
    case Type::OBJECT: {
      json::object object;
      const simdjson::dom::object members = element.get_object().value_unsafe();
      for (const auto [key, value] : members) object[key] = ValueOf(value);
      return object;
    }
    case Type::INT64: return element.get_int64().value_unsafe();
    case Type::UINT64: return element.get_uint64().value_unsafe();
    case Type::DOUBLE: return element.get_double().value_unsafe();
    case Type::STRING: return json::string(element.get_string().value_unsafe());
    case Type::BOOL: return element.get_bool().value_unsafe();
    default: return nullptr;
  }
}

bool IsFinite(const json::value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, IsFinite);
  const auto* object = value.if_object();
  return object == nullptr ||
         std::ranges::all_of(*object, [](const auto& member) { return IsFinite(member.value()); });
}

}  // namespace

Result<json::value> ParseArguments(std::string_view text) {
  TRY(json::value checked, ParseJson(text));
  // Boost.JSON's numbers may be off by one in the last place, which shows when they are written.
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS) return ValueOf(root);
  if (IsFinite(checked)) return checked;  // whole numbers beyond 64 bits, which simdjson refuses
  return Fail(InvalidInput("a number is too large"));
}

void AppendTemplateJson(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    out += '{';
    AppendList(out, *object, [&out](const auto& member) {
      AppendText(out, member.key());
      out += ": ";
      AppendTemplateJson(out, member.value());
    });
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    AppendList(out, *array, [&out](const json::value& item) { AppendTemplateJson(out, item); });
    out += ']';
  } else if (const auto* text = value.if_string()) {
    AppendText(out, *text);
  } else if (const auto* number = value.if_double()) {
    AppendNumber(out, *number);
  } else if (const auto* large = value.if_uint64()) {
    out += fmt::format("{}", static_cast<int64_t>(*large));  // llama-server's integers are 64 bits
  } else {
    out += json::serialize(value);
  }
}

}  // namespace understudy
