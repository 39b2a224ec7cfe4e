#include "flywheel/cluster/frames.h"

#include <algorithm>
#include <numeric>

namespace understudy {
namespace {

constexpr size_t kShareOfSmaller = 10;  // one in ten

void KeepCommon(std::vector<uint32_t>& set, const std::vector<uint32_t>& other) {
  std::erase_if(set, [&](uint32_t member) { return !std::ranges::binary_search(other, member); });
}

// Shared shingles, 0 where they are too few to be one template.
size_t Shared(const Frame& frame, const Prompt& prompt) {
  if (frame.shape != prompt.shape || !frame.is_long()) return 0;
  const size_t common = CountCommon(frame.shingles, prompt.shingles);
  const size_t smaller = std::min(frame.shingles.size(), prompt.shingles.size());
  return common >= Frame::kShingles && common * kShareOfSmaller >= smaller ? common : 0;
}

void Join(const Prompt& prompt, std::vector<Frame>& frames) {
  Frame* best = nullptr;
  size_t most = 0;
  for (Frame& frame : frames) {
    const size_t match = frame.is_long() ? Shared(frame, prompt) : frame.Match(prompt);
    if (match > most) most = match, best = &frame;
  }
  if (!best) {
    frames.push_back(Frame::Of(prompt));
    return;
  }
  KeepCommon(best->shingles, prompt.shingles);
  KeepCommon(best->tools, prompt.tools);
}

int BestFrame(const Prompt& prompt, const std::vector<Frame>& frames) {
  int best = -1;
  size_t most = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    const size_t match = frames[i].Match(prompt);
    if (match > most) most = match, best = static_cast<int>(i);
  }
  return best;
}

// Rows of each frame; sets each prompt's.
std::vector<int64_t> Place(std::vector<CountedPrompt>& prompts, const std::vector<Frame>& frames) {
  std::vector<int64_t> rows(frames.size(), 0);
  for (CountedPrompt& counted : prompts) {
    counted.frame = BestFrame(counted.prompt, frames);
    if (counted.frame >= 0) rows[static_cast<size_t>(counted.frame)] += counted.rows;
  }
  return rows;
}

}  // namespace

std::vector<Frame> FindFrames(std::vector<CountedPrompt>& prompts, int64_t least_rows) {
  std::vector<size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, std::greater(), [&](size_t i) {
    return std::pair(prompts[i].rows, prompts[i].prompt.Fingerprint());
  });
  std::vector<Frame> all, large;
  for (const size_t i : order) Join(prompts[i].prompt, all);
  const std::vector<int64_t> rows = Place(prompts, all);
  for (size_t i = 0; i < all.size(); ++i) {
    if (rows[i] >= least_rows) large.push_back(std::move(all[i]));
  }
  Place(prompts, large);
  for (CountedPrompt& counted : prompts) {
    if (counted.frame < 0) continue;
    VariableWords(counted.prompt, large[static_cast<size_t>(counted.frame)], counted.variable);
  }
  return large;
}

}  // namespace understudy
