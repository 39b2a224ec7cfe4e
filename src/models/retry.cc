#include "models/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace understudy {
namespace {

using std::chrono::milliseconds;

constexpr double kLongestMs = 24 * 3600 * 1000.0;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// A plain decimal number, in units of `unit_ms`.
std::optional<milliseconds> ParseWait(std::string_view text, double unit_ms) {
  text = Trim(text);
  double number = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(number) || number < 0) return std::nullopt;
  return milliseconds(static_cast<int64_t>(std::ceil(std::min(number * unit_ms, kLongestMs))));
}

}  // namespace

RetryBudget::RetryBudget(double share, double burst, double per_second, const Clock& clock)
    : share_(std::lround(share * 1000)),
      burst_(std::lround(burst * 1000)),
      per_second_(std::lround(per_second * 1000)),
      clock_(clock),
      tokens_(burst_),
      refilled_ms_(clock.WallMs()) {}

void RetryBudget::CountRequest() {
  Refill();
  Add(share_);
}

bool RetryBudget::TakeRetry() {
  Refill();
  int64_t have = tokens_.load(std::memory_order_relaxed);
  while (have >= 1000) {
    if (tokens_.compare_exchange_weak(have, have - 1000, std::memory_order_relaxed)) return true;
  }
  return false;
}

double RetryBudget::left() const {
  return static_cast<double>(tokens_.load(std::memory_order_relaxed)) / 1000;
}

void RetryBudget::Refill() {
  // Whole tenths of a second, so that the rounding of many small refills loses nothing.
  const int64_t now = clock_.WallMs();
  int64_t last = refilled_ms_.load(std::memory_order_relaxed);
  const int64_t tenths = (now - last) / 100;
  if (tenths < 0) refilled_ms_.store(now, std::memory_order_relaxed);  // the clock was set back
  if (tenths <= 0) return;
  if (refilled_ms_.compare_exchange_strong(last, last + tenths * 100, std::memory_order_relaxed)) {
    Add(std::min(tenths, int64_t{1'000'000}) * per_second_ / 10);
  }
}

void RetryBudget::Add(int64_t thousandths) {
  int64_t have = tokens_.load(std::memory_order_relaxed);
  while (have < burst_) {
    const int64_t more = std::min(have + thousandths, burst_);
    if (tokens_.compare_exchange_weak(have, more, std::memory_order_relaxed)) return;
  }
}

Retry::Retry(const RetryPolicy& policy, RetryBudget& budget, uint64_t seed, const Clock& clock)
    : policy_(policy),
      budget_(budget),
      clock_(clock),
      begun_(clock.Now()),
      random_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32))) {
  budget_.CountRequest();
}

std::optional<milliseconds> Retry::Next(const Error& error) {
  if (!error.retryable || error.kind == ErrorKind::kCancelled) return std::nullopt;
  if (count_ >= policy_.retries) return std::nullopt;
  if (error.retry_after && *error.retry_after > policy_.longest_asked) return std::nullopt;
  const milliseconds wait = Wait(error);
  if (clock_.Now() + wait >= begun_ + policy_.time_limit) return std::nullopt;
  if (!budget_.TakeRetry()) return std::nullopt;
  ++count_;
  return wait;
}

milliseconds Retry::Wait(const Error& error) {
  const int doublings = std::min(count_, 20);
  const int64_t bound = std::min(policy_.longest.count(), policy_.base.count() << doublings);
  const milliseconds jitter(
      std::uniform_int_distribution<int64_t>(0, std::max<int64_t>(bound, 0))(random_));
  // A little jitter on top of a named time keeps the refused from coming back all at once.
  if (error.retry_after) return *error.retry_after + std::min(jitter, *error.retry_after / 10);
  return jitter;
}

std::optional<milliseconds> RetryAfter(const Headers& headers, int64_t wall_ms) {
  if (const auto exact = ParseWait(headers.Get("retry-after-ms"), 1)) return exact;
  const std::string_view text = headers.Get("retry-after");
  if (const auto seconds = ParseWait(text, 1000)) return seconds;
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  const double left = std::min(static_cast<double>(*date - wall_ms), kLongestMs);
  return milliseconds(std::max<int64_t>(static_cast<int64_t>(left), 0));
}

std::optional<bool> ShouldRetry(const Headers& headers) {
  const std::string_view text = Trim(headers.Get("x-should-retry"));
  if (EqualsIgnoreCase(text, "true")) return true;
  if (EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr const char* kForms[] = {"%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate
                                    "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850
                                    "%a %b %e %H:%M:%S %Y"};      // asctime
  const std::string trimmed(Trim(text));
  if (trimmed.empty() || trimmed.size() > 64) return std::nullopt;
  for (const char* form : kForms) {
    std::tm utc{};
    const char* end = ::strptime(trimmed.c_str(), form, &utc);
    if (end && end == trimmed.c_str() + trimmed.size()) return int64_t{::timegm(&utc)} * 1000;
  }
  return std::nullopt;
}

}  // namespace understudy
