#include "cli/progress.h"

#include <fmt/format.h>

#include "cli/text.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kQuiet{1000};         // nothing before this
constexpr milliseconds kRedraw{100};         // on a terminal
constexpr milliseconds kLineInterval{5000};  // elsewhere
constexpr size_t kBarWidth = 30;

std::string Bar(double share) {
  const auto full = static_cast<size_t>(share * kBarWidth);
  return '[' + std::string(full, '#') + std::string(kBarWidth - full, '.') + ']';
}

}  // namespace

Progress::Progress(Console& console, std::string label, int64_t total, Unit unit,
                   const Clock& clock)
    : console_(console),
      label_(std::move(label)),
      total_(total),
      unit_(unit),
      clock_(clock),
      started_(clock.Now()),
      drawn_(started_ + kQuiet - (console.ErrIsTerminal() ? kRedraw : kLineInterval)) {}

Progress::~Progress() {
  Finish();
}

void Progress::Set(int64_t done) {
  done_ = done;
  const auto interval = console_.ErrIsTerminal() ? kRedraw : kLineInterval;
  if (!finished_ && clock_.Now() - drawn_ >= interval) Draw();
}

void Progress::Finish() {
  if (shown_) console_.Err("\r\033[K");
  shown_ = false;
  finished_ = true;
}

double Progress::SecondsSinceStart() const {
  return static_cast<double>(MicrosBetween(started_, clock_.Now())) / 1e6;
}

std::string Progress::Amount(int64_t amount) const {
  return unit_ == Unit::kBytes ? HumanBytes(amount) : HumanCount(amount);
}

std::string Progress::Line() const {
  const double seconds = SecondsSinceStart();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  if (total_ <= 0) {
    return fmt::format("{} {}  {}/s", label_, Amount(done_), Amount(static_cast<int64_t>(rate)));
  }
  const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  std::string line = fmt::format("{} {} {:3.0f}%  {}/{}", label_, Bar(share), share * 100,
                                 Amount(done_), Amount(total_));
  if (rate > 0) {
    const double left = static_cast<double>(std::max<int64_t>(0, total_ - done_)) / rate;
    line += fmt::format("  {}/s  {} left", Amount(static_cast<int64_t>(rate)), HumanDuration(left));
  }
  return line;
}

void Progress::Draw() {
  drawn_ = clock_.Now();
  if (!console_.ErrIsTerminal()) {
    console_.Err(Line() + '\n');
    return;
  }
  const size_t width = console_.ErrWidth();
  console_.Err("\r\033[K" + (width > 1 ? Ellipsis(Line(), width - 1) : Line()));
  shown_ = true;
}

}  // namespace understudy
