#include "gateway/steps.h"

namespace understudy {
namespace {

AnswerKind KindOf(const Model& model) {
  return model.info().is_small ? AnswerKind::kSlm : AnswerKind::kReference;
}

std::string_view DeploymentOf(const Decision& decision) {
  for (const Candidate& candidate : decision.candidates) {
    if (candidate.model == decision.chosen) return candidate.deployment;
  }
  return {};
}

// The client's own mistake would be answered the same by any large model; a small one may fail on
// a request that the reference can take (longer context, a schema its runtime does not know).
bool WorthFallback(const Error& error, const Model& failed) {
  if (error.kind == ErrorKind::kCancelled) return false;
  if (failed.info().is_small) return true;
  return error.retryable || error.kind == ErrorKind::kUnavailable ||
         error.kind == ErrorKind::kTimeout || error.kind == ErrorKind::kProtocol ||
         error.kind == ErrorKind::kTooMany;
}

Error WhatBothSaid(Error first, const Model& other, const Error& second) {
  first.message +=
      fmt::format("; the fallback {} failed too: {}", other.info().name, second.message);
  return first;
}

}  // namespace

Task<Status> Generate(Call& call) {
  Model* chosen = call.serving.models->Find(call.decision.chosen);
  if (!chosen) co_return Fail(InternalError("the chosen model is not configured"));
  Status first = co_await Attempt(call, *chosen, DeploymentOf(call.decision), KindOf(*chosen));
  if (first || call.cancellation.cancelled() || !WorthFallback(first.error(), *chosen)) {
    co_return first;
  }
  Model* other = call.serving.models->FallbackFor(*chosen);
  if (!other) co_return first;
  call.fell_back = true;
  call.services.metrics.CountFallback();
  Status second = co_await Attempt(call, *other, {}, KindOf(*other));
  if (second || call.cancellation.cancelled()) co_return second;
  co_return Fail(WhatBothSaid(std::move(first).error(), *other, second.error()));
}

}  // namespace understudy
