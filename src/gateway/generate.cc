#include <utility>

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

bool JustFailed(const Call& call, const Model& model) {
  return call.services.failures.Failed(call.exchange.origin, call.chat.body, model.info().name);
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
  Model* other = call.serving.models->FallbackFor(*chosen);
  std::string_view deployment = DeploymentOf(call.decision);
  std::string_view other_deployment;
  if (other && JustFailed(call, *chosen) && !JustFailed(call, *other)) {
    std::swap(chosen, other);
    std::swap(deployment, other_deployment);
    call.repeated = call.fell_back = true;
    call.services.metrics.CountRepeat();
  }
  Status first = co_await Attempt(call, *chosen, deployment, KindOf(*chosen));
  if (first || call.cancellation.cancelled() || !WorthFallback(first.error(), *chosen)) {
    co_return first;
  }
  if (!other) co_return first;
  call.fell_back = true;
  call.services.metrics.CountFallback();
  Status second = co_await Attempt(call, *other, other_deployment, KindOf(*other));
  if (second || call.cancellation.cancelled()) co_return second;
  co_return Fail(WhatBothSaid(std::move(first).error(), *other, second.error()));
}

}  // namespace understudy
