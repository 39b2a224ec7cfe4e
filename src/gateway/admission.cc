#include "gateway/admission.h"

namespace understudy {
namespace {

Error Full(int64_t limit) {
  Error error;
  error.kind = ErrorKind::kTooMany;
  error.source = ErrorSource::kInternal;
  error.retryable = true;
  error.message = fmt::format("the gateway serves {} requests at once and is full", limit);
  error.mend = "Try again in a moment, or raise server.max_concurrent.";
  error.code = "rate_limit_exceeded";
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace

Admission::Admission(Call& call)
    : services_(call.services),
      deadline_(
          call.services.deadlines, call.cancellation,
          call.arrived + std::chrono::seconds(call.serving.options.server.request_timeout_s)) {
  const int64_t limit = call.serving.options.server.max_concurrent;
  if (services_.running.fetch_add(1, std::memory_order_relaxed) >= limit) refused_ = Full(limit);
}

Admission::~Admission() {
  services_.running.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace understudy
