#include "gateway/deadlines.h"

namespace understudy {
namespace {
constexpr std::chrono::milliseconds kSweepEvery{250};
}  // namespace

Deadlines::Deadlines(Runtime& runtime) {
  for (auto* context : runtime.contexts()) {
    sweeps_.push_back(std::make_shared<Sweep>(*context));
    Arm(sweeps_.back());
  }
}

void Deadlines::Arm(const std::shared_ptr<Sweep>& sweep) {
  sweep->timer.expires_after(kSweepEvery);
  std::weak_ptr<Sweep> weak = sweep;
  sweep->timer.async_wait([weak](boost::system::error_code error) {
    const auto alive = weak.lock();
    if (error || !alive) return;
    const Monotonic now = std::chrono::steady_clock::now();
    for (auto& entry : alive->entries) {
      if (entry.at <= now) entry.cancellation->Cancel(CancelReason::kDeadline);
    }
    for (auto& alarm : alive->alarms) {
      if (alarm.at > now) continue;
      alarm.at = Monotonic::max();
      alarm.ring();
    }
    Arm(alive);
  });
}

Deadlines::Guard::Guard(Deadlines& owner, Cancellation& cancellation, Monotonic at)
    : list_(owner.sweeps_[ThreadIndex()]->entries),
      place_(list_.insert(list_.end(), Entry{at, &cancellation})) {}

Deadlines::Guard::~Guard() {
  list_.erase(place_);
}

Deadlines::Alarm::Alarm(Deadlines& owner, Monotonic at, std::function<void()> ring)
    : list_(owner.sweeps_[ThreadIndex()]->alarms),
      place_(list_.insert(list_.end(), Entry{at, std::move(ring)})) {}

Deadlines::Alarm::~Alarm() {
  list_.erase(place_);
}

}  // namespace understudy
