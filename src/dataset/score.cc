#include "dataset/score.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "dataset/canonical.h"

namespace understudy {
namespace {

constexpr size_t kLongestLabel = 64;  // bytes
constexpr size_t kLabelWords = 4;
constexpr std::array<std::string_view, kTargetKindCount> kNames{"tool_call", "json", "label",
                                                                "number", "text"};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> Words(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string_view> words;
  for (size_t at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(blanks, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
  }
  return words;
}

std::string TextOf(const json::value& message) {
  const auto text = ContentText(Find(message, "content"));
  return text ? *text : std::string();
}

const json::array* CallsOf(const json::value& message) {
  const json::value* calls = Find(message, "tool_calls");
  const auto* list = calls ? calls->if_array() : nullptr;
  return list && !list->empty() ? list : nullptr;
}

// A number that is all of the text; commas between groups of three digits are left out.
std::optional<double> NumberOf(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  size_t group = 0;
  bool grouped = false;
  for (const char c : text) {
    if (c == ',') {
      if (group == 0 || group > 3 || (grouped && group != 3)) return std::nullopt;
      grouped = true;
      group = 0;
      continue;
    }
    if (grouped && c == '.' && group != 3) return std::nullopt;
    group += c >= '0' && c <= '9' && digits.find('.') == std::string::npos;
    digits += c;
  }
  if (grouped && digits.find('.') == std::string::npos && group != 3) return std::nullopt;
  double number = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || bad != std::errc() || end != digits.data() + digits.size()) return {};
  const bool has_digit = digits.find_first_of("0123456789") != std::string::npos;
  return has_digit ? std::optional(number) : std::nullopt;  // not "nan", not "inf"
}

bool AsksForJson(const json::value& request) {
  const json::value* format = Find(request, "response_format");
  return format && StringOr(*format, "type").starts_with("json");
}

bool IsJsonTree(std::string_view text) {
  const auto value = ParseJson(Trim(text));
  return value && (value->is_object() || value->is_array());
}

bool IsLabel(std::string_view text) {
  text = Trim(text);
  constexpr std::string_view of_sentences = ".!?,;\n";
  return text.size() <= kLongestLabel && Words(text).size() <= kLabelWords &&
         text.find_first_of(of_sentences) == std::string_view::npos;
}

bool SameArguments(const json::value* left, const json::value* right) {
  const auto read = [](const json::value* arguments) -> Result<json::value> {
    if (!arguments) return Fail(InvalidInput("no arguments"));
    if (!arguments->is_string()) return *arguments;
    return ParseJson({arguments->get_string().data(), arguments->get_string().size()});
  };
  const auto a = read(left), b = read(right);
  return a && b && SameJson(*a, *b);
}

bool SameCall(const json::value& left, const json::value& right) {
  const json::value* a = Find(left, "function");
  const json::value* b = Find(right, "function");
  return a && b && StringOr(*a, "name") == StringOr(*b, "name") &&
         SameArguments(Find(*a, "arguments"), Find(*b, "arguments"));
}

bool SameCalls(const json::value& reference, const json::value& candidate) {
  const json::array* left = CallsOf(reference);
  const json::array* right = CallsOf(candidate);
  return left && right && std::ranges::equal(*left, *right, SameCall);
}

bool SameTree(std::string_view reference, std::string_view candidate) {
  const auto left = ParseJson(Trim(reference)), right = ParseJson(Trim(candidate));
  if (!left) return Words(reference) == Words(candidate);  // asked for JSON, and got none
  return right && SameJson(*left, *right);
}

bool SameContent(TargetKind kind, std::string_view reference, std::string_view candidate) {
  switch (kind) {
    case TargetKind::kJson: return SameTree(reference, candidate);
    case TargetKind::kLabel: return Trim(reference) == Trim(candidate);
    case TargetKind::kNumber: return NumberOf(reference) == NumberOf(candidate);
    default: return Words(reference) == Words(candidate);
  }
}

}  // namespace

std::string_view Name(TargetKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

TargetKind KindOf(const json::value& reference, const json::value& request) {
  if (CallsOf(reference)) return TargetKind::kToolCall;
  const std::string text = TextOf(reference);
  if (AsksForJson(request) || IsJsonTree(text)) return TargetKind::kJson;
  if (NumberOf(text)) return TargetKind::kNumber;
  return IsLabel(text) ? TargetKind::kLabel : TargetKind::kText;
}

bool ExactMatch(const json::value& reference, const json::value& candidate,
                const json::value& request) {
  const TargetKind kind = KindOf(reference, request);
  if (kind == TargetKind::kToolCall) return SameCalls(reference, candidate);
  return !CallsOf(candidate) && SameContent(kind, TextOf(reference), TextOf(candidate));
}

void Scorecard::Add(TargetKind kind, bool right) {
  Row& row = kinds[static_cast<size_t>(kind)];
  ++row.total;
  row.right += right;
}

Scorecard::Row Scorecard::sum() const {
  Row sum;
  for (const Row& row : kinds) {
    sum.total += row.total;
    sum.right += row.right;
  }
  return sum;
}

std::string ToText(const Scorecard& scorecard) {
  const auto sum = scorecard.sum();
  if (sum.total == 0) return "nothing was scored";
  std::vector<std::string> parts;
  for (size_t i = 0; i < kTargetKindCount; ++i) {
    const auto& row = scorecard.kinds[i];
    if (row.total > 0) parts.push_back(fmt::format("{} {}/{}", kNames[i], row.right, row.total));
  }
  return fmt::format("exact match {} of {} ({:.1f} %): {}", sum.right, sum.total,
                     100.0 * static_cast<double>(sum.right) / static_cast<double>(sum.total),
                     fmt::join(parts, ", "));
}

json::object ToJson(const Scorecard& scorecard) {
  const auto sum = scorecard.sum();
  json::object kinds;
  for (size_t i = 0; i < kTargetKindCount; ++i) {
    const auto& row = scorecard.kinds[i];
    if (row.total > 0) kinds[kNames[i]] = json::object{{"total", row.total}, {"right", row.right}};
  }
  return {{"total", sum.total}, {"right", sum.right}, {"kinds", std::move(kinds)}};
}

}  // namespace understudy
