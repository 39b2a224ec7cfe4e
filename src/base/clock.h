// Time behind a narrow interface, so that tests can hold it still.
//
// Two kinds: wall time for what is stored and shown, monotonic time for durations. Units come
// last in names: _ms, _us, _ns. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

using Monotonic = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t WallMs() const = 0;  // since the Unix epoch, UTC
  virtual Monotonic Now() const = 0;

  static const Clock& System();  // the process's clock; lives for ever
};

// A clock that moves only when told to. For tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}
  int64_t WallMs() const override { return wall_ms_; }
  Monotonic Now() const override { return Monotonic(std::chrono::milliseconds(wall_ms_)); }
  void Advance(std::chrono::milliseconds by) { wall_ms_ += by.count(); }

 private:
  int64_t wall_ms_;
};

inline int64_t MicrosBetween(Monotonic from, Monotonic to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

// "2026-01-31T12:00:00.123Z" (RFC 3339, UTC, always three decimals).
std::string FormatWallMs(int64_t wall_ms);

// Reads RFC 3339 with any offset and any number of decimals (cut to milliseconds); nullopt for
// anything else, a 60th second included.
std::optional<int64_t> ParseWallMs(std::string_view text);

}  // namespace understudy
