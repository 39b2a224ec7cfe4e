#include "base/cancel.h"

#include <utility>

namespace understudy {

void Cancellation::Cancel(CancelReason reason) {
  if (cancelled() || reason == CancelReason::kNone) return;
  reason_ = reason;
  // A callback may end Scopes, its own too, never begin one: it is taken out of its Scope before it
  // runs, and what is left is looked for anew.
  while (true) {
    Scope* scope = innermost_;
    while (scope && !scope->interrupt_) scope = scope->outer_;
    if (!scope) return;
    const auto interrupt = std::exchange(scope->interrupt_, nullptr);
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

Cancellation::Scope::Scope(Cancellation& owner, std::function<void()> interrupt)
    : owner_(owner), outer_(owner.innermost_), interrupt_(std::move(interrupt)) {
  owner_.innermost_ = this;
  if (owner_.cancelled()) std::exchange(interrupt_, nullptr)();
}

Cancellation::Scope::~Scope() {
  Scope** at = &owner_.innermost_;
  while (*at != this) at = &(*at)->outer_;
  *at = outer_;
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
