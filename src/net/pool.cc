#include "net/pool.h"

#include <algorithm>

namespace understudy {

Pool::~Pool() {
  Shut();
}

std::shared_ptr<Wire> Pool::Take() {
  if (idle_.empty()) return nullptr;
  std::shared_ptr<Wire> wire = std::move(idle_.back());
  idle_.pop_back();
  wire->set_watcher(nullptr);
  wire->Unlimit();
  return wire;
}

void Pool::Give(std::shared_ptr<Wire> wire) {
  if (shut_ || idle_.size() >= options_.max_idle) return wire->Close();
  wire->Shrink();
  wire->set_watcher(this);
  wire->Limit(options_.keep_alive);
  wire->Arm();
  idle_.push_back(std::move(wire));
}

void Pool::Shut() {
  shut_ = true;
  for (const auto& wire : idle_) {
    wire->set_watcher(nullptr);
    wire->Close();
  }
  idle_.clear();
}

// The end, bytes nobody asked for, or old age: in no case can it serve another request.
void Pool::OnUnawaited(Wire& wire) {
  const auto at =
      std::ranges::find_if(idle_, [&](const auto& idle) { return idle.get() == &wire; });
  if (at == idle_.end()) return;
  wire.set_watcher(nullptr);
  wire.Close();
  idle_.erase(at);
}

Lease::Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Wire> wire)
    : pool_(std::move(pool)), wire_(std::move(wire)) {
  if (wire_) ++pool_->leased_;
}

Lease::~Lease() {
  if (wire_) Close();
}

void Lease::Close() {
  --pool_->leased_;
  wire_->Close();
  wire_ = nullptr;
}

void Lease::GiveBack() {
  --pool_->leased_;
  pool_->Give(std::move(wire_));
}

}  // namespace understudy
