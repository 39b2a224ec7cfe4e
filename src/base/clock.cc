#include "base/clock.h"

#include <charconv>
#include <ctime>

#include <fmt/format.h>

namespace understudy {
namespace {

class SystemClock final : public Clock {
 public:
  int64_t WallMs() const override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
  Monotonic Now() const override { return std::chrono::steady_clock::now(); }
};

// Takes `digits` decimal digits off the front; -1 when they are not there.
int TakeNumber(std::string_view& text, size_t digits) {
  unsigned value = 0;
  if (text.size() < digits) return -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || stop != text.data() + digits) return -1;
  text.remove_prefix(digits);
  return static_cast<int>(value);
}

bool TakeByte(std::string_view& text, char byte) {
  if (!text.starts_with(byte)) return false;
  text.remove_prefix(1);
  return true;
}

// ".5" -> 500; no fraction -> 0.
std::optional<int64_t> TakeMillis(std::string_view& text) {
  if (!TakeByte(text, '.')) return 0;
  int64_t millis = 0, scale = 100;
  size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits) {
    millis += (text[0] - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return millis;
}

// "Z" or "+01:00", which must end the text.
std::optional<int64_t> TakeOffsetMs(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool negative = text.starts_with('-');
  if (!TakeByte(text, negative ? '-' : '+')) return std::nullopt;
  const int hours = TakeNumber(text, 2);
  const bool colon = TakeByte(text, ':');
  const int minutes = TakeNumber(text, 2);
  if (hours < 0 || hours > 23 || !colon || minutes < 0 || minutes > 59 || !text.empty()) {
    return std::nullopt;
  }
  return (negative ? -1 : 1) * (hours * 60 + minutes) * int64_t{60'000};
}

}  // namespace

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

std::string FormatWallMs(int64_t wall_ms) {
  const int64_t millis = ((wall_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (wall_ms - millis) / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, millis);
}

std::optional<int64_t> ParseWallMs(std::string_view text) {
  using namespace std::chrono;
  const int y = TakeNumber(text, 4);
  const bool dash = TakeByte(text, '-');
  const int mon = TakeNumber(text, 2);
  const bool dash_again = TakeByte(text, '-');
  const int d = TakeNumber(text, 2);
  const bool t = TakeByte(text, 'T') || TakeByte(text, 't') || TakeByte(text, ' ');
  const int h = TakeNumber(text, 2);
  const bool colon = TakeByte(text, ':');
  const int min = TakeNumber(text, 2);
  const bool colon_again = TakeByte(text, ':');
  const int s = TakeNumber(text, 2);
  const bool shaped = y >= 0 && dash && dash_again && t && colon && colon_again;
  const bool in_range =
      mon > 0 && d > 0 && h >= 0 && h < 24 && min >= 0 && min < 60 && s >= 0 && s < 60;
  if (!shaped || !in_range) return std::nullopt;
  const year_month_day date(year(y), month(static_cast<unsigned>(mon)),
                            day(static_cast<unsigned>(d)));
  const auto millis = TakeMillis(text);
  const auto offset_ms = TakeOffsetMs(text);
  if (!date.ok() || !millis || !offset_ms) return std::nullopt;
  const auto at = sys_days(date) + hours(h) + minutes(min) + seconds(s);
  return duration_cast<milliseconds>(at.time_since_epoch()).count() + *millis - *offset_ms;
}

}  // namespace understudy
