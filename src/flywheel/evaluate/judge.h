// Scorers: is an answer as good as the reference's, and if not, where does it differ?
//
// By kind (dataset/score.h): tool calls as trees, JSON as trees, labels, numbers; free text by
// exact words only, unless an overlap is asked for. Where the reference declined, declining in any
// words is right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "flywheel/evaluate/eval_examples.h"

namespace understudy {

enum class DifferenceKind : uint8_t {
  kMissingCall,  // the reference called a tool here, the candidate none
  kExtraCall,    // the other way round
  kOtherTool,    // another tool; `argument` is the one that was called
  kMissing,      // an argument, or a member of JSON, that is not there
  kExtra,        // one that should not be there
  kValue,        // there, with another value
  kNotJson,      // arguments or an answer that are no JSON
  kContent,      // a label, number or text that is not the reference's
};
inline constexpr size_t kDifferenceKindCount = 8;
std::string_view Name(DifferenceKind kind);  // "missing_call"
std::optional<DifferenceKind> ParseDifferenceKind(std::string_view name);

// Names and places, never values: `argument` is a path such as "guests.name", items of arrays under
// their array's own.
struct Difference {
  DifferenceKind kind = DifferenceKind::kContent;
  std::string tool;  // the reference's; empty outside of tool calls
  std::string argument;
  friend auto operator<=>(const Difference&, const Difference&) = default;
};

struct Judgement {
  bool right = false;
  std::vector<Difference> differences;  // empty where right
};

struct JudgeOptions {
  std::optional<double> overlap;  // text is right from this token F1 on
};

// `candidate` is an assistant's message as OpenAI writes it.
Judgement Judge(const EvalExample& example, const json::value& candidate,
                const JudgeOptions& options);

// F1 of the words of two texts as multisets, in lower case (ASCII) and without punctuation, as for
// SQuAD (Rajpurkar et al. 2016). 1 where both have none.
double TokenF1(std::string_view reference, std::string_view candidate);

}  // namespace understudy
