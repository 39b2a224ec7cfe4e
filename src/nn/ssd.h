// Mamba2's state-space scan, "state space duality" (arXiv 2405.21060, section 6): for each head
//
//   h_t = exp(step_t * decay) * h_{t-1} + step_t * B_t x_t^T        (h is [state, size])
//   y_t = C_t h_t
//
// computed chunk by chunk: inside a chunk as masked products of matrices, between chunks by
// carrying h. Linear in time; the result does not depend on the chunk's length beyond rounding.
#pragma once

#include <ATen/ATen.h>

namespace understudy::nn {

struct ScanInput {
  at::Tensor x;         // [rows, time, heads, size]
  at::Tensor step;      // [rows, time, heads], positive
  at::Tensor decay;     // [heads], negative
  at::Tensor b, c;      // [rows, time, groups, state]; heads / groups heads share one
  at::Tensor segments;  // [rows, time] int64: h starts at zero with each
  at::Tensor previous;  // as PreviousOf gives it, or with forks (CPU only); undefined: of segments
};

// For each token the place in its row of the one that it follows, -1 at the beginning of a segment:
// [rows, time] int64. Where several tokens follow the same one (they fork: conversations that share
// their beginning), the tensor says so, and segments cannot.
at::Tensor PreviousOf(const at::Tensor& segments);

// y [rows, time, heads, size].
at::Tensor StateSpaceScan(const ScanInput& input);

inline constexpr int64_t kScanChunk = 64;
at::Tensor ScanByChunks(const ScanInput& input, int64_t chunk = kScanChunk);

}  // namespace understudy::nn
