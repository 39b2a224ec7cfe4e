// A progress bar on standard error: drawn in place on a terminal, else one plain line every few
// seconds, so that logs stay short. What takes under a second shows nothing.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "cli/console.h"

namespace understudy {

class Progress {
 public:
  enum class Unit : uint8_t { kItems, kBytes };

  // `total` 0: unknown, so a count and a rate are shown instead of a bar and the time left.
  Progress(Console& console, std::string label, int64_t total, Unit unit = Unit::kItems,
           const Clock& clock = Clock::System());
  ~Progress();  // Finish()
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Set(int64_t done);  // cheap: draws only when it is time to
  void Add(int64_t more) { Set(done_ + more); }
  // Takes the bar off the terminal. Nothing is drawn afterwards.
  void Finish();

 private:
  double SecondsSinceStart() const;
  std::string Line() const;
  std::string Amount(int64_t amount) const;
  void Draw();

  Console& console_;
  std::string label_;
  int64_t total_;
  Unit unit_;
  const Clock& clock_;
  Monotonic started_, drawn_;
  int64_t done_ = 0;
  bool shown_ = false;  // a bar stands on the terminal
  bool finished_ = false;
};

}  // namespace understudy
