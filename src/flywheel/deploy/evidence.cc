#include "flywheel/deploy/evidence.h"

#include <algorithm>

namespace understudy {
namespace {

bool IsOf(const AnswerRecord& answer, const Deployment& deployment) {
  return answer.model == deployment.model && answer.deployment == deployment.adapter;
}

// The router's candidate for the deployment was below its threshold.
bool WouldNotBeAsked(const Decision& decision, const Deployment& deployment) {
  return std::ranges::any_of(decision.candidates, [&](const Candidate& candidate) {
    return candidate.model == deployment.model && candidate.deployment == deployment.adapter &&
           candidate.probability < candidate.threshold;
  });
}

// nullopt: nothing that the adapter is to blame for.
std::optional<bool> IsError(const AnswerRecord& answer) {
  switch (answer.verdict.kind) {
    case VerdictKind::kUnchecked:
    case VerdictKind::kLowConfidence: return std::nullopt;
    case VerdictKind::kPass: return false;
    case VerdictKind::kError:
      if (answer.error.starts_with("timeout")) return true;
      return std::nullopt;
    default: return true;
  }
}

}  // namespace

std::optional<Evidence> EvidenceOf(const Exchange& exchange, const Deployment& deployment) {
  if (!exchange.decision || exchange.decision->task != deployment.task) return std::nullopt;
  for (const AnswerRecord& answer : exchange.answers) {
    const bool shadow = answer.kind == AnswerKind::kShadow;
    if (!IsOf(answer, deployment) || (!shadow && answer.kind != AnswerKind::kSlm)) continue;
    if (shadow && WouldNotBeAsked(*exchange.decision, deployment)) continue;
    if (const auto error = IsError(answer)) return Evidence{.paired = shadow, .error = *error};
  }
  return std::nullopt;
}

}  // namespace understudy
