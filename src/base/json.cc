#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace understudy {
namespace {

// The one form of a number: int64 where it is whole and fits, else uint64, else double. So 1, 1.0
// and 1e0 are the same, and whole numbers are compared exactly.
json::value NormalNumber(const json::value& value) {
  if (value.is_uint64() && value.get_uint64() <= uint64_t{INT64_MAX}) {
    return static_cast<int64_t>(value.get_uint64());
  }
  if (!value.is_double()) return value;
  const double number = value.get_double();
  if (number != std::trunc(number)) return value;
  if (number >= -0x1p63 && number < 0x1p63) return static_cast<int64_t>(number);
  if (number >= 0 && number < 0x1p64) return static_cast<uint64_t>(number);
  return value;
}

bool SameNumber(const json::value& a, const json::value& b) {
  const json::value left = NormalNumber(a), right = NormalNumber(b);
  return left.kind() == right.kind() && left == right;
}

void AppendCanonical(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object->size());
    for (const auto& member : *object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    char before = '{';
    for (const auto* member : members) {
      out += before;
      AppendJsonString(out, member->key());
      out += ':';
      AppendCanonical(out, member->value());
      before = ',';
    }
    out += members.empty() ? "{}" : "}";
  } else if (const auto* array = value.if_array()) {
    char before = '[';
    for (const auto& item : *array) {
      out += before;
      AppendCanonical(out, item);
      before = ',';
    }
    out += array->empty() ? "[]" : "]";
  } else if (value.is_number()) {
    out += json::serialize(NormalNumber(value));
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

Result<json::value> ParseJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  const size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) {
    return Fail(InvalidInput(fmt::format("invalid JSON at byte {}: {}", used, error.message())));
  }
  return parser.release();
}

const json::value* Find(const json::value& object, std::string_view key) {
  const auto* members = object.if_object();
  return members ? members->if_contains(key) : nullptr;
}

std::string_view StringOr(const json::value& object, std::string_view key,
                          std::string_view otherwise) {
  const json::value* member = Find(object, key);
  if (!member || !member->is_string()) return otherwise;
  return {member->get_string().data(), member->get_string().size()};
}

int64_t IntOr(const json::value& object, std::string_view key, int64_t otherwise) {
  const json::value* member = Find(object, key);
  if (!member || !member->is_number()) return otherwise;
  boost::system::error_code inexact;
  const auto number = member->to_number<int64_t>(inexact);
  return inexact ? otherwise : number;
}

double NumberOr(const json::value& object, std::string_view key, double otherwise) {
  const json::value* member = Find(object, key);
  if (!member || !member->is_number()) return otherwise;
  return member->to_number<double>();
}

bool BoolOr(const json::value& object, std::string_view key, bool otherwise) {
  const json::value* member = Find(object, key);
  return member && member->is_bool() ? member->get_bool() : otherwise;
}

bool SameJson(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return SameNumber(a, b);
  if (a.kind() != b.kind()) return false;
  if (const auto* left = a.if_object()) {
    const auto& right = b.get_object();
    return left->size() == right.size() &&
           std::all_of(left->begin(), left->end(), [&](const auto& member) {
             const auto* other = right.if_contains(member.key());
             return other && SameJson(member.value(), *other);
           });
  }
  if (const auto* left = a.if_array()) {
    const auto& right = b.get_array();
    return std::equal(left->begin(), left->end(), right.begin(), right.end(), SameJson);
  }
  return a == b;
}

std::string CanonicalJson(const json::value& value) {
  std::string out;
  AppendCanonical(out, value);
  return out;
}

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  out += '"';
}

std::string JsonString(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  AppendJsonString(out, text);
  return out;
}

}  // namespace understudy
