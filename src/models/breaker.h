// Breaker: a circuit breaker, one an upstream, shared by all threads (M. Nygard, "Release It!").
//
//   closed     requests go; `failures` failures in a row open it
//   open       requests are refused at once, for `open_for`
//   half open  one request goes as a trial: its success closes the circuit, its failure opens it
//              again. A trial that is still running after `open_for` lets another one go, so that
//              a lost trial cannot keep the circuit open for ever.
//
// Only failures of the upstream count (IsUpstreamFailure); what the client did wrong and 429 do
// not. State is two atomics: no lock, nothing blocks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/error.h"

namespace understudy {

// Cannot connect, timed out, broke the protocol or broke off, or answered 5xx.
bool IsUpstreamFailure(const Error& error);

class Breaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  // One request's leave to go. Tell it how the request ended, once; destroyed untold (cancelled,
  // say) it counts neither way, and a trial's place is free again. The breaker must outlive it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

    void Success();
    void Failure();
    // The upstream has begun to answer well: enough for a trial to close the circuit, while a
    // stream of it may still break off and count as a failure.
    void Alive();
    // Success() without an error, Failure() if IsUpstreamFailure(*error), else neither.
    void Settle(const Error* error);

   private:
    friend class Breaker;
    Permit(Breaker& owner, int64_t trial_ns) : owner_(&owner), trial_ns_(trial_ns) {}
    Breaker* owner_;
    int64_t trial_ns_;  // the value its trial set next_trial_ns_ to; 0: no trial
  };

  // `failures` 0 or less: never opens. The clock must outlive the breaker.
  Breaker(int64_t failures, std::chrono::milliseconds open_for,
          const Clock& clock = Clock::System());

  // nullopt while open.
  std::optional<Permit> Ask();

  State state() const;
  std::chrono::milliseconds time_left() const;  // until the next trial; 0 unless open
  uint64_t times_opened() const { return opened_.load(std::memory_order_relaxed); }

 private:
  int64_t NowNs() const;
  // Moves the next trial from `from` to `to` if nobody else has moved it since.
  bool MoveTrial(int64_t from, int64_t to);
  bool OpenFrom(int64_t from);
  void CountFailure();

  const int64_t limit_;
  const int64_t open_ns_;
  const Clock& clock_;
  std::atomic<int64_t> failures_{0};  // in a row
  // 0: closed. Else the time of the next trial: who moves it on by open_ns_ has the trial.
  std::atomic<int64_t> next_trial_ns_{0};
  std::atomic<uint64_t> opened_{0};
};

}  // namespace understudy
