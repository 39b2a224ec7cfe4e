// What the long jobs on a store (erase, purge, verify) share.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace understudy {

struct UpkeepHooks {
  // What is done, of how many (0: unknown). Called often; must be cheap.
  std::function<void(std::string_view what, int64_t done, int64_t total)> progress;
  std::function<bool()> stop;  // true: end at the next safe place

  Status Step(std::string_view what, int64_t done, int64_t total) const {
    if (progress) progress(what, done, total);
    if (!stop || !stop()) return {};
    return Fail(Cancelled("interrupted; what was done stays done, and the rest can be done again"));
  }
};

}  // namespace understudy
