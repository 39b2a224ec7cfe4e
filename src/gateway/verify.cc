#include "reason/verify.h"

#include "gateway/steps.h"

namespace understudy {
namespace {

// What the router said of the model and deployment that answered; one of its own making where the
// decision did not name it (a fallback).
Candidate CandidateFor(const Decision& decision, const AnswerRecord& answer) {
  for (const Candidate& candidate : decision.candidates) {
    if (candidate.model == answer.model && candidate.deployment == answer.deployment) {
      return candidate;
    }
  }
  return {.model = answer.model, .deployment = answer.deployment};
}

}  // namespace

Verdict VerdictOn(const Router& router, const Decision& decision, const ChatRequest& request,
                  const ChatAnswer& answer, const AnswerRecord& record) {
  Verdict verdict = VerifyAnswer(request, answer, VerifyOptions{});
  if (!verdict.ok()) return verdict;
  const Candidate candidate = CandidateFor(decision, record);
  const Confidence sure = router.Judge(decision, candidate, request, answer);
  if (sure.enough()) return verdict;
  verdict.kind = VerdictKind::kLowConfidence;
  verdict.detail = fmt::format("{:.4f} is below {:.4f}", sure.probability, sure.threshold);
  return verdict;
}

Status Verify(Call& call) {
  const Model* model = call.serving.models->Find(call.served().model);
  if (call.stream || !model || !model->info().is_small) return {};
  call.served().verdict =
      VerdictOn(*call.serving.router, call.decision, call.chat, call.answer, call.served());
  return {};
}

}  // namespace understudy
