// The state-space scan of ssd.h as one pass over time on a CPU: a head's state, some 16 KB, stays
// in the first cache while its tokens go by, and nothing else is written but y. The way back
// computes the states again, from one kept every kScanStride tokens.
#pragma once

#include "nn/ssd.h"

namespace understudy::nn {

inline constexpr int64_t kScanStride = 32;

// As StateSpaceScan, for f32 tensors on the CPU. Heads of a row go to several threads where there
// are more threads than rows.
at::Tensor ScanOnCpu(const ScanInput& input);

}  // namespace understudy::nn
