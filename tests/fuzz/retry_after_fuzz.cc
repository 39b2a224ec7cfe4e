// Whatever an upstream puts into its retry headers: a wait between nothing and a day, or none.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/retry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr int64_t kNowMs = 784'111'777'000;
  for (const std::string_view name : {"retry-after", "retry-after-ms", "x-should-retry"}) {
    Headers headers;
    headers.Add(name, text);
    const auto wait = RetryAfter(headers, kNowMs);
    if (wait && (wait->count() < 0 || *wait > std::chrono::hours(24))) std::abort();
    ShouldRetry(headers);
  }
  ParseHttpDate(text);
  return 0;
}
