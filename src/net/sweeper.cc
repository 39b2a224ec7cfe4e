#include "net/sweeper.h"

#include <algorithm>

namespace understudy {

Deadline::Deadline(std::shared_ptr<Sweeper> sweeper) : sweeper_(std::move(sweeper)) {
  sweeper_->Add(*this);
}

Deadline::~Deadline() {
  sweeper_->Remove(*this);
}

Sweeper::Sweeper(boost::asio::io_context& context, std::chrono::milliseconds shortest)
    : timer_(context),
      tick_(
          std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500))) {}

void Sweeper::Add(Deadline& deadline) {
  deadline.index_ = deadlines_.size();
  deadlines_.push_back(&deadline);
  if (!ticking_) Tick();
}

void Sweeper::Remove(Deadline& deadline) {
  deadlines_.back()->index_ = deadline.index_;
  deadlines_[deadline.index_] = deadlines_.back();
  deadlines_.pop_back();
}

void Sweeper::Tick() {
  ticking_ = true;
  timer_.expires_after(tick_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->ticking_ = false;
    if (error || self->deadlines_.empty()) return;
    self->Sweep();
    self->Tick();
  });
}

void Sweeper::Sweep() {
  const Monotonic now = std::chrono::steady_clock::now();
  for (Deadline* deadline : deadlines_) {
    if (deadline->at_ > now) continue;
    deadline->ExpireNever();
    deadline->Expire();
  }
}

}  // namespace understudy
