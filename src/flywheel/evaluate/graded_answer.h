// One line of answers.jsonl: what a candidate answered to one example, how good and how fast.
//   {"id","part","row","kind","right","verdict","signals":{...},"ms","first_ms","prompt_tokens",
//    "answer_tokens","answer":{assistant message}|null,"differences":[["value","book","time"],...],
//    "of_reference","detail"}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/exchange.h"
#include "dataset/score.h"
#include "flywheel/evaluate/judge.h"
#include "reason/signals.h"

namespace understudy {

struct GradedAnswer {
  std::string id, part;
  int64_t row = 0;  // of its part's file; (part, row) names the example
  TargetKind kind = TargetKind::kText;
  bool right = false;  // as good as the reference's, and fit to be served
  VerdictKind verdict = VerdictKind::kUnchecked;
  std::string detail;  // of the verdict, or the error where there is no answer
  Signals signals{};
  double ms = 0, first_ms = 0;  // from asking, to the end and to the first token; 0 unknown
  int64_t prompt_tokens = 0, answer_tokens = 0;
  json::value answer;  // null where the model gave none
  std::vector<Difference> differences;
  bool of_reference = true;  // the recorded answer is the reference's
};

json::object ToJson(const GradedAnswer& graded);
// kInvalidInput for what is no such line, such as one that a kill cut off.
Result<GradedAnswer> GradedAnswerFrom(std::string_view line);

}  // namespace understudy
