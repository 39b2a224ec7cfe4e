#include "gateway/steps.h"

namespace understudy {
namespace {

// Broken output (invalid JSON, an unknown tool) would break the agent in ways that take days to
// find, so a failed escalation is an error, never the rejected answer.
Error BothFailed(const Verdict& verdict, Error reference_error) {
  reference_error.message = fmt::format(
      "the small model's answer failed verification ({}) and the reference model "
      "could not answer: {}",
      Name(verdict.kind), reference_error.message);
  return reference_error;
}

}  // namespace

Task<Status> Escalate(Call& call) {
  const Verdict verdict = call.served().verdict;
  Model* reference = call.serving.models->reference();
  const bool replaceable = !call.fell_back || call.repeated;
  const bool allowed = call.serving.options.routing.escalate && reference && replaceable &&
                       reference->info().name != call.served().model;
  if (!allowed) {
    call.unverified = true;
    co_return Status{};
  }
  call.escalated = true;
  call.services.failures.Note(call.exchange.origin, call.chat.body, call.served().model);
  call.services.metrics.CountEscalation();
  call.served().body = std::move(call.answer.body);
  Status status = co_await Attempt(call, *reference, {}, AnswerKind::kReference);
  if (status || call.cancellation.cancelled()) co_return status;
  co_return Fail(BothFailed(verdict, std::move(status).error()));
}

}  // namespace understudy
