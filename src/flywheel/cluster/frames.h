// Templates mined from the log: which prompts were made from one frame (route/fingerprint.h).
#pragma once

#include <cstdint>
#include <vector>

#include "route/fingerprint.h"

namespace understudy {

struct CountedPrompt {
  Prompt prompt;
  int64_t rows = 0;
  int frame = -1;                  // index into the frames; -1: of none that is large enough
  std::vector<uint32_t> variable;  // its words that are not the frame's
};

// Goes through the prompts from the most frequent one on. A long prompt joins the frame with which
// it shares most shingles, if they are eight at least (about ten words) and a tenth of the smaller
// of both; the frame keeps what they share. Any other prompt begins a frame of its own. Frames of
// fewer than `least_rows` rows go. Sets `frame` and `variable` of each prompt as the online half
// (Frame::Match) has them. Order of the prompts, ties apart, makes no difference.
std::vector<Frame> FindFrames(std::vector<CountedPrompt>& prompts, int64_t least_rows);

}  // namespace understudy
