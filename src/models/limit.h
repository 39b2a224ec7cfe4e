// ConcurrencyLimit: how many requests one model is given at once. Thread-safe, without waiting:
// a request too many is refused, so that the gateway can go to another model.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace understudy {

class ConcurrencyLimit {
 public:
  // Held while a request runs; gives its place back when destroyed. The limit must outlive it.
  class Place {
   public:
    Place() = default;
    explicit Place(ConcurrencyLimit& owner) : owner_(&owner) {}
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Place() {
      if (owner_) owner_->running_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    ConcurrencyLimit* owner_ = nullptr;
  };

  explicit ConcurrencyLimit(int64_t most) : most_(most) {}  // 0: no limit

  // kTooMany, retryable, naming `model`, when every place is taken.
  Result<Place> Take(std::string_view model);
  int64_t running() const { return running_.load(std::memory_order_relaxed); }

 private:
  const int64_t most_;
  std::atomic<int64_t> running_{0};
};

}  // namespace understudy
