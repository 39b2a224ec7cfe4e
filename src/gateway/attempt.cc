// One try of one model.
#include "chat/stream_shaper.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

// An SLM's answer is held until its verdict, unless the config says that it may flow. A
// deployment's is held in any case: its verdict is a part of what was promised.
bool Flows(const Call& call, const ModelInfo& model, const Deployment* deployed) {
  if (!call.chat.stream) return false;
  return !model.is_small || (!deployed && call.serving.options.routing.stream == "flow");
}

Task<Status> StartStream(Call& call, Model& model) {
  CO_TRY(call.stream, co_await model.Stream(*call.attempt));
  AnswerRecord& record = call.served();
  record.timings.first_token_us = MicrosBetween(call.attempt_began, call.services.clock.Now());
  co_return Status{};
}

Task<Status> Complete(Call& call, Model& model) {
  CO_TRY(call.answer, co_await model.Complete(*call.attempt));
  ShapeAnswer(call.answer, call.chat, model.info().name, call.services.clock.WallMs());
  SettleAttempt(call);
  co_return Status{};
}

void NoteFailure(Call& call, const Error& error) {
  AnswerRecord& record = call.served();
  record.error = fmt::format("{}: {}", Name(error.kind), error.message);
  record.verdict.kind = VerdictKind::kError;
  SettleAttempt(call);
}

// A client that went before a byte of an answer came has most likely lost its patience.
bool FailedTheClient(const Call& call, const Error& error, const Model& model) {
  const CancelReason reason = call.cancellation.reason();
  if (reason == CancelReason::kShutdown) return false;
  const bool refused = error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTooMany;
  if (refused && !error.reply) return false;  // it is down, starting or full: it was not asked
  return reason != CancelReason::kNone || WorthFallback(error, model);
}

}  // namespace

Task<Status> Attempt(Call& call, Model& model, std::string_view deployment, AnswerKind kind) {
  if (!call.exchange.answers.empty()) call.served().served = false;
  AnswerRecord& record = call.exchange.answers.emplace_back();
  record.kind = kind;
  record.model = model.info().name;
  record.deployment = deployment;
  call.stream.reset();
  call.answer = {};
  call.attempt_began = call.services.clock.Now();
  record.timings.queue_us = MicrosBetween(call.arrived, call.attempt_began);
  call.attempt.emplace(ModelRequest{call.chat, call.authorization, deployment, call.cancellation});
  if (call.passed_on.size() > 0) call.attempt->passed_on = &call.passed_on;
  call.attempt->stop_text = call.wire.tells_stop_text();
  call.attempt->signals = model.info().is_small;
  const Deployment* deployed =
      call.serving.deployments.Behind(call.decision.task, record.model, deployment);
  if (deployed) AsMeasured(*deployed, *call.attempt);
  Status status;
  if (Flows(call, model.info(), deployed)) {
    status = co_await StartStream(call, model);
  } else {
    status = co_await Complete(call, model);
  }
  if (!status) NoteFailure(call, status.error());
  if (!status && FailedTheClient(call, status.error(), model)) {
    call.services.failures.Note(call.exchange.origin, call.chat.body, model.info().name);
  }
  co_return status;
}

bool WorthFallback(const Error& error, const Model& failed) {
  if (error.kind == ErrorKind::kCancelled) return false;
  if (failed.info().is_small) return true;
  return error.retryable || error.kind == ErrorKind::kUnavailable ||
         error.kind == ErrorKind::kTimeout || error.kind == ErrorKind::kProtocol ||
         error.kind == ErrorKind::kTooMany;
}

void AsMeasured(const Deployment& deployed, ModelRequest& request) {
  request.as_measured = true;
  request.most_tokens = deployed.most_tokens;
}

void SettleAttempt(Call& call) {
  AnswerRecord& record = call.served();
  record.retries = call.attempt ? call.attempt->retries : 0;
  record.usage = call.answer.usage;
  record.timings.total_us = MicrosBetween(call.attempt_began, call.services.clock.Now());
  if (const Model* model = call.serving.models->Find(record.model)) {
    record.cost_usd = model->info().price.Cost(record.usage);
  }
}

}  // namespace understudy
