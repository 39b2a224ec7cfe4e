// When to try an upstream again, and how long to wait before: a policy as a value.
//
// Exponential back-off with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS
// Architecture Blog, 2015): the wait before try i is uniform in [0, min(longest, base * 2^i)],
// unless the upstream named a time. A retry budget (as in Finagle and the Google SRE book,
// chapter 21) keeps retries to a share of the requests, so that a dead upstream is not hammered.
//
// The caller tries again only while nothing of the answer has been committed to its client.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "base/clock.h"
#include "base/error.h"
#include "net/http.h"

namespace understudy {

struct RetryPolicy {
  int64_t retries = 2;                      // extra tries after the first
  std::chrono::milliseconds base{250};      // upper bound of the first wait
  std::chrono::milliseconds longest{8000};  // upper bound of every wait of ours
  // An upstream that asks for a longer wait than this gets no further try: its error goes to the
  // caller, with the time in it.
  std::chrono::milliseconds longest_asked{10'000};
  // From the first try's start: no further try begins after this.
  std::chrono::milliseconds time_limit{600'000};
};

// A token bucket in thousandths of a retry, shared by all threads, without locks: each request
// puts in `share`, each retry takes 1, and `per_second` comes in with time, so that rare requests
// may be tried again too. It starts full with `burst`.
class RetryBudget {
 public:
  explicit RetryBudget(double share = 0.2, double burst = 10, double per_second = 0.5,
                       const Clock& clock = Clock::System());
  void CountRequest();
  bool TakeRetry();  // false when it is used up
  double left() const;

 private:
  void Refill();
  void Add(int64_t thousandths);

  const int64_t share_, burst_, per_second_;  // in thousandths
  const Clock& clock_;
  std::atomic<int64_t> tokens_;
  std::atomic<int64_t> refilled_ms_;
};

// The tries of one request. Not thread-safe: it belongs to its call.
class Retry {
 public:
  Retry(const RetryPolicy& policy, RetryBudget& budget, uint64_t seed,
        const Clock& clock = Clock::System());

  // After a try failed with `error`: how long to wait before the next, or nullopt: give up. Only
  // for a retryable error that is no cancellation; honours error.retry_after.
  std::optional<std::chrono::milliseconds> Next(const Error& error);
  int count() const { return count_; }  // extra tries granted so far

 private:
  std::chrono::milliseconds Wait(const Error& error);

  const RetryPolicy& policy_;
  RetryBudget& budget_;
  const Clock& clock_;
  const Monotonic begun_;
  std::minstd_rand random_;
  int count_ = 0;
};

// How long an answer's head asks to wait: retry-after-ms (milliseconds), else retry-after
// (seconds, fractions allowed, or an HTTP-date, RFC 9110 section 10.2.3). Never negative, at most
// a day; nullopt when absent or malformed.
std::optional<std::chrono::milliseconds> RetryAfter(const Headers& headers, int64_t wall_ms);

// x-should-retry: true or false as the upstream says; nullopt when it says nothing.
std::optional<bool> ShouldRetry(const Headers& headers);

// "Sun, 06 Nov 1994 08:49:37 GMT" in milliseconds since the Unix epoch; also the two obsolete forms
// of RFC 9110 section 5.6.7.
std::optional<int64_t> ParseHttpDate(std::string_view text);

}  // namespace understudy
