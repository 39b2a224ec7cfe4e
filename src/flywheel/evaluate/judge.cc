#include "flywheel/evaluate/judge.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "dataset/canonical.h"
#include "flywheel/curate/refusal.h"

namespace understudy {
namespace {

constexpr std::array<std::string_view, kDifferenceKindCount> kNames{
    "missing_call", "extra_call", "other_tool", "missing", "extra", "value", "not_json", "content"};

using Differences = std::vector<Difference>;

std::string Below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

// Where two JSON trees differ.
class TreeDiff {
 public:
  TreeDiff(std::string tool, Differences& out) : tool_(std::move(tool)), out_(out) {}

  void Compare(const json::value& reference, const json::value& candidate,
               const std::string& path) {
    if (SameJson(reference, candidate)) return;
    if (reference.is_object() && candidate.is_object()) {
      return CompareObjects(reference.get_object(), candidate.get_object(), path);
    }
    if (reference.is_array() && candidate.is_array()) {
      return CompareArrays(reference.get_array(), candidate.get_array(), path);
    }
    Add(DifferenceKind::kValue, path);
  }

 private:
  void CompareObjects(const json::object& reference, const json::object& candidate,
                      const std::string& path) {
    for (const auto& [key, value] : reference) {
      const std::string place = Below(path, key);
      const json::value* other = candidate.if_contains(key);
      if (other) {
        Compare(value, *other, place);
      } else {
        Add(DifferenceKind::kMissing, place);
      }
    }
    for (const auto& [key, value] : candidate) {
      if (!reference.contains(key)) Add(DifferenceKind::kExtra, Below(path, key));
    }
  }
  void CompareArrays(const json::array& reference, const json::array& candidate,
                     const std::string& path) {
    const size_t both = std::min(reference.size(), candidate.size());
    for (size_t i = 0; i < both; ++i) Compare(reference[i], candidate[i], path);
    if (reference.size() > both) Add(DifferenceKind::kMissing, path);
    if (candidate.size() > both) Add(DifferenceKind::kExtra, path);
  }
  void Add(DifferenceKind kind, const std::string& path) {
    Difference difference{kind, tool_, path};
    if (std::ranges::find(out_, difference) == out_.end()) out_.push_back(std::move(difference));
  }

  const std::string tool_;
  Differences& out_;
};

const json::array& CallsOf(const json::value& message) {
  static const json::array kNone;
  const json::value* calls = Find(message, "tool_calls");
  return calls && calls->is_array() ? calls->get_array() : kNone;
}

std::string ToolOf(const json::value& call) {
  const json::value* function = Find(call, "function");
  return function ? std::string(StringOr(*function, "name")) : std::string();
}

Result<json::value> ArgumentsOf(const json::value& call) {
  const json::value* function = Find(call, "function");
  const json::value* arguments = function ? Find(*function, "arguments") : nullptr;
  if (!arguments) return Fail(InvalidInput("no arguments"));
  if (!arguments->is_string()) return *arguments;
  return ParseJson({arguments->get_string().data(), arguments->get_string().size()});
}

void CompareCall(const json::value& reference, const json::value& candidate, Differences& out) {
  const std::string tool = ToolOf(reference), other = ToolOf(candidate);
  if (tool != other) return out.push_back({DifferenceKind::kOtherTool, tool, other});
  const auto left = ArgumentsOf(reference), right = ArgumentsOf(candidate);
  if (!left || !right) return out.push_back({DifferenceKind::kNotJson, tool, ""});
  TreeDiff(tool, out).Compare(*left, *right, "");
}

Differences CompareCalls(const json::value& reference, const json::value& candidate) {
  Differences out;
  const json::array &left = CallsOf(reference), &right = CallsOf(candidate);
  const size_t both = std::min(left.size(), right.size());
  for (size_t i = 0; i < both; ++i) CompareCall(left[i], right[i], out);
  for (size_t i = both; i < left.size(); ++i) {
    out.push_back({DifferenceKind::kMissingCall, ToolOf(left[i]), ""});
  }
  for (size_t i = both; i < right.size(); ++i) {
    out.push_back({DifferenceKind::kExtraCall, "", ToolOf(right[i])});
  }
  return out;
}

std::string TextOf(const json::value& message) {
  const auto text = ContentText(Find(message, "content"));
  return text ? *text : std::string();
}

Differences CompareContent(const EvalExample& example, const json::value& candidate) {
  Differences out;
  for (const json::value& call : CallsOf(candidate)) {
    out.push_back({DifferenceKind::kExtraCall, "", ToolOf(call)});
  }
  if (!out.empty()) return out;
  if (example.kind == TargetKind::kJson) {
    const auto left = ParseJson(TextOf(example.reference));
    const auto right = ParseJson(TextOf(candidate));
    if (left && right) TreeDiff("", out).Compare(*left, *right, "");
    if (left && !right) out.push_back({DifferenceKind::kNotJson, "", ""});
  }
  if (out.empty()) out.push_back({DifferenceKind::kContent, "", ""});
  return out;
}

bool Declines(const json::value& message) {
  if (!CallsOf(message).empty()) return false;
  return !StringOr(message, "refusal").empty() || IsRefusal(TextOf(message));
}

bool IsRight(const EvalExample& example, const json::value& candidate,
             const JudgeOptions& options) {
  if (example.refusal) return Declines(candidate);
  if (ExactMatch(example.reference, candidate, example.hints)) return true;
  return example.kind == TargetKind::kText && options.overlap && CallsOf(candidate).empty() &&
         TokenF1(TextOf(example.reference), TextOf(candidate)) >= *options.overlap;
}

std::map<std::string, int64_t> WordCounts(std::string_view text) {
  std::map<std::string, int64_t> counts;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) ++counts[word];
    word.clear();
  };
  for (const char c : text) {
    const bool ascii_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      end_word();
    } else if (ascii_letter || (c >= '0' && c <= '9') || (c & 0x80) != 0) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  }
  end_word();
  return counts;
}

int64_t Sum(const std::map<std::string, int64_t>& counts) {
  int64_t sum = 0;
  for (const auto& [word, count] : counts) sum += count;
  return sum;
}

}  // namespace

std::string_view Name(DifferenceKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::optional<DifferenceKind> ParseDifferenceKind(std::string_view name) {
  const auto place = std::ranges::find(kNames, name);
  if (place == kNames.end()) return std::nullopt;
  return static_cast<DifferenceKind>(place - kNames.begin());
}

Judgement Judge(const EvalExample& example, const json::value& candidate,
                const JudgeOptions& options) {
  if (IsRight(example, candidate, options)) return {true, {}};
  if (example.kind == TargetKind::kToolCall) {
    return {false, CompareCalls(example.reference, candidate)};
  }
  return {false, CompareContent(example, candidate)};
}

double TokenF1(std::string_view reference, std::string_view candidate) {
  const auto left = WordCounts(reference), right = WordCounts(candidate);
  const int64_t wanted = Sum(left), given = Sum(right);
  if (wanted == 0 && given == 0) return 1;
  int64_t common = 0;
  for (const auto& [word, count] : left) {
    const auto other = right.find(word);
    if (other != right.end()) common += std::min(count, other->second);
  }
  return 2.0 * static_cast<double>(common) / static_cast<double>(wanted + given);
}

}  // namespace understudy
