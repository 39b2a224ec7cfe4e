#include "models/breaker.h"

#include <algorithm>
#include <utility>

namespace understudy {

bool IsUpstreamFailure(const Error& error) {
  if (error.source == ErrorSource::kInternal) return false;
  if (error.reply && error.reply->status >= 400) return error.reply->status >= 500;
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimeout ||
         error.kind == ErrorKind::kUpstream || error.kind == ErrorKind::kProtocol;
}

Breaker::Permit::Permit(Permit&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), trial_ns_(other.trial_ns_) {}

Breaker::Permit::~Permit() {
  // An untold trial: the next request may try at once.
  if (owner_ && trial_ns_ != 0) owner_->MoveTrial(trial_ns_, owner_->NowNs());
}

void Breaker::Permit::Success() {
  Alive();
  if (Breaker* owner = std::exchange(owner_, nullptr)) owner->failures_.store(0);
}

void Breaker::Permit::Alive() {
  if (!owner_ || std::exchange(trial_ns_, 0) == 0) return;
  owner_->failures_.store(0);
  owner_->next_trial_ns_.store(0);
}

void Breaker::Permit::Failure() {
  Breaker* owner = std::exchange(owner_, nullptr);
  if (!owner) return;
  if (trial_ns_ == 0 || !owner->OpenFrom(trial_ns_)) owner->CountFailure();
}

void Breaker::Permit::Settle(const Error* error) {
  if (!error) return Success();
  if (IsUpstreamFailure(*error)) return Failure();
  // An answer that blames the request shows that the upstream is there.
  if (error->reply) Success();
}

Breaker::Breaker(int64_t failures, std::chrono::milliseconds open_for, const Clock& clock)
    : limit_(failures),
      open_ns_(std::max<int64_t>(open_for.count(), 1) * 1'000'000),
      clock_(clock) {}

std::optional<Breaker::Permit> Breaker::Ask() {
  const int64_t due = next_trial_ns_.load();
  if (due == 0) return Permit(*this, 0);
  const int64_t now = NowNs();
  if (now < due || !MoveTrial(due, now + open_ns_)) return std::nullopt;
  return Permit(*this, now + open_ns_);
}

Breaker::State Breaker::state() const {
  const int64_t due = next_trial_ns_.load();
  if (due == 0) return State::kClosed;
  return NowNs() < due ? State::kOpen : State::kHalfOpen;
}

std::chrono::milliseconds Breaker::time_left() const {
  const int64_t due = next_trial_ns_.load();
  const int64_t left = due == 0 ? 0 : std::max<int64_t>(due - NowNs(), 0);
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(left));
}

int64_t Breaker::NowNs() const {
  const auto since_start = clock_.Now().time_since_epoch();
  return std::max<int64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count(), 1);
}

bool Breaker::MoveTrial(int64_t from, int64_t to) {
  return next_trial_ns_.compare_exchange_strong(from, to);
}

bool Breaker::OpenFrom(int64_t from) {
  if (!MoveTrial(from, NowNs() + open_ns_)) return false;
  opened_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Breaker::CountFailure() {
  // While it is open, requests that began before do not keep it open longer: only trials decide.
  if (failures_.fetch_add(1) + 1 >= limit_ && limit_ > 0) OpenFrom(0);
}

}  // namespace understudy
