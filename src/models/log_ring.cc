#include "models/log_ring.h"

namespace understudy {
namespace {

// The level letter of "0.00.011.147 E llama_model_load: text", or 0.
char LevelOf(std::string_view line) {
  const size_t space = line.find(' ');
  if (space > 18 || space + 2 >= line.size() || line[space + 2] != ' ') return 0;
  return line[space + 1];
}

std::string_view WithoutStamp(std::string_view line) {
  return LevelOf(line) == 0 ? line : line.substr(line.find(' ') + 3);
}

bool IsError(std::string_view line) {
  return LevelOf(line) == 'E' || line.starts_with("error");
}

// How much a line tells; llama-server ends with general lines ("exiting due to ...").
int Weight(std::string_view line) {
  static constexpr std::string_view kTelling[] = {
      "error loading model:", "failed to apply lora adapter:",
      "couldn't bind",        "no backends are loaded",
      "invalid argument",     "failed to allocate"};
  for (const auto telling : kTelling) {
    if (line.find(telling) != line.npos) return 3;
  }
  if (!IsError(line)) return LevelOf(line) == 0 ? 0 : -1;  // -1: an ordinary line of its log
  return line.find("exiting due to") == line.npos ? 2 : 1;
}

}  // namespace

void LogRing::Feed(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  for (const char byte : bytes) {
    if (byte != '\n') {
      if (open_.size() < kLongestLine) open_ += byte;
      continue;
    }
    if (!open_.empty()) lines_.push_back(std::move(open_));
    open_.clear();
    if (lines_.size() > kMostLines) lines_.pop_front();
  }
}

void LogRing::Clear() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
  open_.clear();
}

std::vector<std::string> LogRing::Lines() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines(lines_.begin(), lines_.end());
  if (!open_.empty()) lines.push_back(open_);
  return lines;
}

std::string LogRing::Reason() const {
  std::string best;
  int best_weight = -1;
  for (const std::string& line : Lines()) {
    const int weight = Weight(line);
    // Of equal weight the first error tells the cause, the last plain line the end.
    if (weight > best_weight || (weight == 0 && best_weight == 0)) {
      best = line;
      best_weight = weight;
    }
  }
  return std::string(WithoutStamp(best));
}

}  // namespace understudy
