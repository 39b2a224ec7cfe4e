#include "models/limit.h"

#include <fmt/format.h>

namespace understudy {

Result<ConcurrencyLimit::Place> ConcurrencyLimit::Take(std::string_view model) {
  const int64_t before = running_.fetch_add(1, std::memory_order_relaxed);
  if (most_ <= 0 || before < most_) return Place(*this);
  running_.fetch_sub(1, std::memory_order_relaxed);
  Error error;
  error.kind = ErrorKind::kTooMany;
  error.source = ErrorSource::kInternal;
  error.retryable = true;
  error.message = fmt::format("model \"{}\" already answers {} requests at once", model, most_);
  error.mend = fmt::format("Try again, or raise max_concurrent of model \"{}\"", model);
  error.code = "rate_limit_exceeded";
  return Fail(std::move(error));
}

}  // namespace understudy
