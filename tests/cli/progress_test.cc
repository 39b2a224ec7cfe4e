#include "cli/progress.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Progress, ShortWorkShowsNothing) {
  MemoryConsole console;
  console.terminal = true;
  ManualClock clock;
  Progress progress(console, "Working", 10, Progress::Unit::kItems, clock);
  clock.Advance(milliseconds(900));
  progress.Add(10);
  progress.Finish();
  EXPECT_THAT(console.err, IsEmpty());
}

TEST(Progress, OnATerminalABarIsDrawnInPlaceAndTakenAway) {
  MemoryConsole console;
  console.terminal = true;
  ManualClock clock;
  Progress progress(console, "Working", 1000, Progress::Unit::kItems, clock);
  clock.Advance(milliseconds(2000));
  progress.Set(500);
  EXPECT_THAT(console.err, AllOf(HasSubstr("\r\033[KWorking [###############"),
                                 HasSubstr(" 50%  500/1,000  250/s  2.0 s left")));
  const size_t drawn = console.err.size();
  clock.Advance(milliseconds(50));
  progress.Set(510);
  EXPECT_EQ(console.err.size(), drawn);  // too soon to draw again
  progress.Finish();
  EXPECT_THAT(console.err, EndsWith("\r\033[K"));
}

TEST(Progress, ElsewhereOneLineEveryFewSeconds) {
  MemoryConsole console;
  ManualClock clock;
  {
    Progress progress(console, "Working", 0, Progress::Unit::kItems, clock);
    for (int i = 0; i < 110; ++i) {
      clock.Advance(milliseconds(100));
      progress.Add(1);
    }
  }
  EXPECT_EQ(std::ranges::count(console.err, '\n'), 3);
  EXPECT_THAT(console.err, AllOf(HasSubstr("Working 10  10/s\n"), testing::Not(HasSubstr("\r"))));
}

TEST(Progress, BytesAreShownAsSuch) {
  MemoryConsole console;
  console.terminal = true;
  ManualClock clock;
  Progress progress(console, "Reading", 4 << 20, Progress::Unit::kBytes, clock);
  clock.Advance(milliseconds(2000));
  progress.Set(1 << 20);
  EXPECT_THAT(console.err, HasSubstr(" 25%  1.0 MiB/4.0 MiB  512.0 KiB/s  6.0 s left"));
}

TEST(Progress, IsCutToTheTerminal) {
  MemoryConsole console;
  console.terminal = true;
  console.width = 20;
  ManualClock clock;
  Progress progress(console, "Working", 10, Progress::Unit::kItems, clock);
  clock.Advance(milliseconds(2000));
  progress.Set(5);
  EXPECT_THAT(console.err, EndsWith("..."));
}

}  // namespace
}  // namespace understudy
