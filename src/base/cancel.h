// Cancellation: how a call learns that nobody waits for it any more.
//
// One Cancellation belongs to one call and lives on that call's thread. Whoever does slow work
// for the call holds a Scope with a callback that interrupts the work (closes a socket, ends a
// timer); Cancel() runs the callbacks, innermost first, once. Not thread-safe, by design.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"

namespace understudy {

enum class CancelReason : uint8_t { kNone, kClientGone, kDeadline, kShutdown };

class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Runs the callbacks. The first reason stays; later calls do nothing.
  void Cancel(CancelReason reason);

  bool cancelled() const { return reason_ != CancelReason::kNone; }
  CancelReason reason() const { return reason_; }
  // kCancelled for a client gone or, with source kInternal, a shutdown; kTimeout for a deadline.
  Error ToError() const;

  // While it lives, Cancel() calls `interrupt`. If already cancelled, calls it at once.
  // Scopes nest: destroy them in reverse order of creation.
  class Scope {
   public:
    Scope(Cancellation& owner, std::function<void()> interrupt);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Cancellation;
    Cancellation& owner_;
    Scope* outer_;
    std::function<void()> interrupt_;  // empty once it was called
  };

 private:
  CancelReason reason_ = CancelReason::kNone;
  Scope* innermost_ = nullptr;  // the scopes are a list, so that one costs no memory of its own
};

std::string_view Name(CancelReason reason);

}  // namespace understudy
