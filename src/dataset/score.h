// Whether an answer is as good as the reference's: exactly, but as what it is (a call, a JSON text,
// a label, a number, free text), not byte by byte.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace understudy {

enum class TargetKind : uint8_t {
  kToolCall,  // same tools in the same order, arguments equal as JSON; text beside them is free
  kJson,      // equal as JSON: members in any order, 1 is 1.0
  kLabel,     // one word or name of a few; equal once trimmed
  kNumber,    // numerically equal: "1,200" is "1200.0"
  kText,      // equal once runs of white space count as one blank
};
inline constexpr size_t kTargetKindCount = 5;
std::string_view Name(TargetKind kind);  // "tool_call"

// What the reference's answer is. `request` may be null; where it asks for JSON (response_format),
// the answer counts as JSON even if it is none. Messages are assistant messages as OpenAI writes
// them.
TargetKind KindOf(const json::value& reference, const json::value& request);

// Whether `candidate` equals `reference`, judged as KindOf(reference, request) says.
bool ExactMatch(const json::value& reference, const json::value& candidate,
                const json::value& request = nullptr);

// Counts over a validation set.
struct Scorecard {
  struct Row {
    int64_t total = 0, right = 0;
  };
  std::array<Row, kTargetKindCount> kinds;

  void Add(TargetKind kind, bool right);
  Row sum() const;
};
// "exact match 430 of 500 (86.0 %): tool_call 400/450, label 30/50"
std::string ToText(const Scorecard& scorecard);
json::object ToJson(const Scorecard& scorecard);

}  // namespace understudy
