// accept -> authenticate -> parse -> route -> generate -> verify -> escalate -> respond -> record
//
// Every step runs through Run(), which gives it a timer and does not begin it once nobody waits
// for the answer any more. Nothing is sent before the decision, and after it comments alone while
// an answer is awaited (keep_alive.h); an answer that has not flowed can still be replaced; the
// record is made before the end of the answer goes out. What a deployment under test would have
// said is asked for after that, behind the client's back (shadow.h).
#include "gateway/life.h"

#include <boost/asio/this_coro.hpp>

#include "gateway/keep_alive.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

class StepTimer {
 public:
  StepTimer(Call& call, Step step) : call_(call), step_(step), began_(call.services.clock.Now()) {}
  ~StepTimer() {
    const auto took = call_.services.clock.Now() - began_;
    call_.services.metrics.CountStep(
        step_, std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
  }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

 private:
  Call& call_;
  Step step_;
  Monotonic began_;
};

Status Run(Call& call, Step step, Status (*function)(Call&)) {
  if (call.cancellation.cancelled()) return Fail(call.cancellation.ToError());
  const StepTimer timer(call, step);
  return function(call);
}

Task<Status> Run(Call& call, Step step, Task<Status> (*function)(Call&)) {
  if (call.cancellation.cancelled()) co_return Fail(call.cancellation.ToError());
  const StepTimer timer(call, step);
  co_return co_await function(call);
}

Task<Status> Obtain(Call& call) {
  CO_TRY_VOID(co_await Run(call, Step::kGenerate, Generate));
  CO_TRY_VOID(Run(call, Step::kVerify, Verify));
  if (!call.served().verdict.ok()) CO_TRY_VOID(co_await Run(call, Step::kEscalate, Escalate));
  co_return Status{};
}

Task<Status> Answer(Call& call) {
  CO_TRY_VOID(Run(call, Step::kAuthenticate, Authenticate));
  CO_TRY_VOID(Run(call, Step::kParse, Parse));
  CO_TRY_VOID(Run(call, Step::kRoute, RouteCall));
  KeepAlive keep_alive(call, co_await boost::asio::this_coro::executor);
  const Status obtained = co_await Obtain(call);
  co_await keep_alive.Stop();
  if (!obtained) co_return obtained;
  call.answered = true;
  if (call.chat.stream) CO_TRY_VOID(co_await Run(call, Step::kRespond, Respond));
  co_return Status{};
}

Outcome Served(const Call& call) {
  if (call.escalated) return Outcome::kEscalated;
  if (call.unverified) return Outcome::kUnverified;
  if (call.fell_back) return Outcome::kFellBack;
  return Outcome::kServed;
}

}  // namespace

void Settle(Call& call, const Status& status) {
  Exchange& exchange = call.exchange;
  exchange.outcome = status ? Served(call) : OutcomeOf(status.error(), call);
  if (status && !exchange.answers.empty()) call.served().served = true;
  exchange.total_us = MicrosBetween(call.arrived, call.services.clock.Now());
  for (const AnswerRecord& answer : exchange.answers) call.services.metrics.CountAnswer(answer);
  call.services.metrics.CountOutcome(exchange.outcome, exchange.total_us);
}

Task<void> LiveThrough(Call& call, const std::optional<Error>& refused) {
  Status status;
  if (refused) {
    status = Fail(*refused);
  } else {
    status = co_await Answer(call);
  }
  Settle(call, status);
  auto shadow = call.services.shadows.Prepare(call);  // before the record takes what it needs
  if (Recorded(call)) {
    const StepTimer timer(call, Step::kRecord);
    co_await Record(call);  // unrecorded exchanges are counted there; the answer goes out anyway
  }
  co_await Finish(call, status);
  if (shadow) call.services.shadows.Begin(std::move(shadow));
}

Outcome OutcomeOf(const Error& error, const Call& call) {
  switch (call.cancellation.reason()) {
    case CancelReason::kClientGone: return Outcome::kClientGone;
    case CancelReason::kDeadline: return Outcome::kTimedOut;
    case CancelReason::kShutdown: return Outcome::kShutdown;
    case CancelReason::kNone: break;
  }
  if (call.writer.begun() && call.answered) return Outcome::kBrokenStream;
  const bool clients_fault = error.source == ErrorSource::kClient;
  switch (error.kind) {
    case ErrorKind::kUnauthorized:
    case ErrorKind::kForbidden:
      return clients_fault ? Outcome::kUnauthorized : Outcome::kUpstreamError;
    case ErrorKind::kTooLarge: return Outcome::kTooLarge;
    case ErrorKind::kTooMany: return error.reply ? Outcome::kUpstreamError : Outcome::kOverloaded;
    case ErrorKind::kTimeout: return Outcome::kTimedOut;
    case ErrorKind::kUnavailable: return Outcome::kUnavailable;
    case ErrorKind::kIo:
    case ErrorKind::kInternal: return Outcome::kInternalError;
    default: return clients_fault ? Outcome::kInvalidRequest : Outcome::kUpstreamError;
  }
}

}  // namespace understudy
