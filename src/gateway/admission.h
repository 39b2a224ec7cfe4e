// Admission: how many requests run at once, and for how long.
#pragma once

#include <optional>

#include "gateway/call.h"

namespace understudy {

// Held for a call's life. `refused()` is set when the gateway is full.
class Admission {
 public:
  explicit Admission(Call& call);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  const std::optional<Error>& refused() const { return refused_; }

 private:
  Services& services_;
  std::optional<Error> refused_;
  Deadlines::Guard deadline_;
};

}  // namespace understudy
