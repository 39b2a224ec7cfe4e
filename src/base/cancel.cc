#include "base/cancel.h"

#include <utility>

namespace understudy {

void Cancellation::Cancel(CancelReason reason) {
  if (cancelled() || reason == CancelReason::kNone) return;
  reason_ = reason;
  // A callback may end Scopes, its own too, never begin one: walk by index from the innermost, and
  // run a copy, which outlives the Scope.
  for (size_t i = interrupts_.size(); i > 0; --i) {
    if (i > interrupts_.size()) continue;
    const auto interrupt = interrupts_[i - 1];
    interrupt();
  }
}

Error Cancellation::ToError() const {
  if (reason_ == CancelReason::kDeadline) {
    return Timeout("the request's time limit passed before the answer was complete");
  }
  if (reason_ == CancelReason::kShutdown) {
    Error error = Cancelled("the gateway is shutting down");
    error.source = ErrorSource::kInternal;  // 503 to the client, which still waits
    error.retryable = true;
    return error;
  }
  return Cancelled("the client closed its connection");
}

Cancellation::Scope::Scope(Cancellation& owner, std::function<void()> interrupt) : owner_(owner) {
  owner_.interrupts_.push_back(std::move(interrupt));
  if (owner_.cancelled()) owner_.interrupts_.back()();
}

Cancellation::Scope::~Scope() {
  owner_.interrupts_.pop_back();
}

std::string_view Name(CancelReason reason) {
  switch (reason) {
    case CancelReason::kNone: return "none";
    case CancelReason::kClientGone: return "client_gone";
    case CancelReason::kDeadline: return "deadline";
    case CancelReason::kShutdown: return "shutdown";
  }
  return "none";
}

}  // namespace understudy
