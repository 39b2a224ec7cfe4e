#include "flywheel/evaluate/graded_answer.h"

#include <cmath>

namespace understudy {
namespace {

// Microseconds are enough.
double Rounded(double ms) {
  return std::round(ms * 1000) / 1000;
}

json::array ToJson(const std::vector<Difference>& differences) {
  json::array list;
  for (const Difference& one : differences) {
    list.push_back(json::array{Name(one.kind), one.tool, one.argument});
  }
  return list;
}

std::string Text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

std::vector<Difference> DifferencesFrom(const json::value* list) {
  std::vector<Difference> differences;
  const auto* items = list ? list->if_array() : nullptr;
  if (!items) return differences;
  for (const json::value& item : *items) {
    const auto* parts = item.if_array();
    if (!parts || parts->size() != 3) continue;
    const auto kind = ParseDifferenceKind(Text((*parts)[0]));
    if (kind) differences.push_back({*kind, Text((*parts)[1]), Text((*parts)[2])});
  }
  return differences;
}

std::optional<TargetKind> KindFrom(std::string_view name) {
  for (size_t i = 0; i < kTargetKindCount; ++i) {
    if (Name(static_cast<TargetKind>(i)) == name) return static_cast<TargetKind>(i);
  }
  return std::nullopt;
}

}  // namespace

json::object ToJson(const GradedAnswer& graded) {
  return {{"id", graded.id},
          {"part", graded.part},
          {"row", graded.row},
          {"kind", Name(graded.kind)},
          {"right", graded.right},
          {"verdict", Name(graded.verdict)},
          {"signals", ToJson(graded.signals)},
          {"ms", Rounded(graded.ms)},
          {"first_ms", Rounded(graded.first_ms)},
          {"prompt_tokens", graded.prompt_tokens},
          {"answer_tokens", graded.answer_tokens},
          {"answer", graded.answer},
          {"differences", ToJson(graded.differences)},
          {"of_reference", graded.of_reference},
          {"detail", graded.detail}};
}

Result<GradedAnswer> GradedAnswerFrom(std::string_view line) {
  TRY(const json::value value, ParseJson(line));
  const auto kind = KindFrom(StringOr(value, "kind"));
  const auto verdict = ParseVerdictKind(StringOr(value, "verdict"));
  const json::value* signals = Find(value, "signals");
  const json::value* answer = Find(value, "answer");
  if (!kind || !verdict || !signals || StringOr(value, "part").empty()) {
    return Fail(InvalidInput("no graded answer"));
  }
  GradedAnswer graded;
  graded.id = StringOr(value, "id");
  graded.part = StringOr(value, "part");
  graded.row = IntOr(value, "row", 0);
  graded.kind = *kind;
  graded.right = BoolOr(value, "right", false);
  graded.verdict = *verdict;
  graded.detail = StringOr(value, "detail");
  graded.signals = SignalsFromJson(*signals);
  graded.ms = NumberOr(value, "ms", 0);
  graded.first_ms = NumberOr(value, "first_ms", 0);
  graded.prompt_tokens = IntOr(value, "prompt_tokens", 0);
  graded.answer_tokens = IntOr(value, "answer_tokens", 0);
  if (answer) graded.answer = *answer;
  graded.differences = DifferencesFrom(Find(value, "differences"));
  graded.of_reference = BoolOr(value, "of_reference", true);
  return graded;
}

}  // namespace understudy
