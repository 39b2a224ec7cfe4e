#include "nn/ssd.h"

#include <limits>
#include <vector>

#include "nn/scan_kernel.h"

namespace understudy::nn {
namespace {

// All tensors of a scan cut into chunks: [rows, chunks, chunk, ...].
struct Chunks {
  at::Tensor x;         // [r, n, h, q, p]: step * x, heads in front
  at::Tensor sums;      // [r, n, h, q]: running sums of step * decay within the chunk
  at::Tensor b, c;      // [r, n, h, q, s]
  at::Tensor segments;  // [r, n, q]
};

at::Tensor Padded(const at::Tensor& tensor, int64_t time, double with) {
  const int64_t missing = time - tensor.size(1);
  if (missing == 0) return tensor;
  auto shape = tensor.sizes().vec();
  shape[1] = missing;
  return at::cat({tensor, at::full(shape, with, tensor.options())}, 1);
}

at::Tensor HeadsInFront(const at::Tensor& tensor) {  // [r, n, q, h, ...] -> [r, n, h, q, ...]
  return tensor.transpose(2, 3);
}

Chunks Cut(const ScanInput& input, int64_t chunk) {
  const int64_t rows = input.x.size(0), heads = input.x.size(2);
  const int64_t count = (input.x.size(1) + chunk - 1) / chunk, time = count * chunk;
  const auto cut = [&](const at::Tensor& tensor, double with) {
    const at::Tensor padded = Padded(tensor, time, with);
    std::vector<int64_t> shape{rows, count, chunk};
    for (int64_t i = 2; i < padded.dim(); ++i) shape.push_back(padded.size(i));
    return padded.reshape(shape);
  };
  const int64_t share = heads / input.b.size(2);
  const auto heads_of = [&](const at::Tensor& groups) {
    const at::Tensor parts = HeadsInFront(cut(groups, 0));
    return share == 1 ? parts : parts.repeat_interleave(share, 2);
  };
  const at::Tensor step = HeadsInFront(cut(input.step, 0));
  return {.x = HeadsInFront(cut(input.x, 0)) * step.unsqueeze(-1),
          .sums = (step * input.decay.view({heads, 1})).cumsum(-1),
          .b = heads_of(input.b),
          .c = heads_of(input.c),
          .segments = cut(input.segments, -1)};
}

// What flows from token to token inside a chunk.
at::Tensor Inside(const Chunks& parts, int64_t chunk) {
  const at::Tensor same = parts.segments.unsqueeze(3).eq(parts.segments.unsqueeze(2));
  const at::Tensor back = at::ones({chunk, chunk}, same.options()).tril();
  const at::Tensor closed = same.logical_and(back).logical_not().unsqueeze(2);
  const at::Tensor fading = (parts.sums.unsqueeze(-1) - parts.sums.unsqueeze(-2))
                                .masked_fill(closed, -std::numeric_limits<float>::infinity())
                                .exp();
  const at::Tensor scores = at::matmul(parts.c, parts.b.transpose(-1, -2)) * fading;
  return at::matmul(scores, parts.x);
}

// The state that each chunk adds for those after it: what is left at its end of the tokens of its
// last segment. [r, n, h, s, p]
at::Tensor Added(const Chunks& parts) {
  const at::Tensor last = parts.segments.narrow(2, parts.segments.size(2) - 1, 1);
  const at::Tensor open = parts.segments.eq(last).unsqueeze(2);
  const at::Tensor left =
      (parts.sums.narrow(3, parts.sums.size(3) - 1, 1) - parts.sums).exp() * open;
  return at::matmul((parts.b * left.unsqueeze(-1)).transpose(-1, -2), parts.x);
}

// What flows into each chunk from those before it.
at::Tensor Carried(const Chunks& parts, const at::Tensor& added) {
  const int64_t count = added.size(1), end = parts.segments.size(2) - 1;
  const at::Tensor last = parts.segments.select(2, end);  // [r, n]
  const at::Tensor through = parts.sums.select(3, end).exp();
  at::Tensor state = at::zeros_like(added.select(1, 0));
  std::vector<at::Tensor> before;
  before.reserve(static_cast<size_t>(count));
  for (int64_t n = 0; n < count; ++n) {
    before.push_back(state);
    if (n + 1 == count) break;
    at::Tensor kept = through.select(1, n);
    if (n > 0) kept = kept * last.select(1, n).eq(last.select(1, n - 1)).unsqueeze(1);
    state = state * kept.unsqueeze(-1).unsqueeze(-1) + added.select(1, n);
  }
  const at::Tensor previous =
      at::cat({at::full_like(last.narrow(1, 0, 1), -2), last.narrow(1, 0, count - 1)}, 1);
  const at::Tensor continues = parts.segments.eq(previous.unsqueeze(-1)).unsqueeze(2);
  const at::Tensor reach = parts.sums.exp() * continues;
  return at::matmul(parts.c * reach.unsqueeze(-1), at::stack(before, 1));
}

}  // namespace

at::Tensor PreviousOf(const at::Tensor& segments) {
  const int64_t time = segments.size(1);
  const at::Tensor places = at::arange(-1, time - 1, segments.options()).expand_as(segments);
  at::Tensor same = at::zeros_like(segments, at::kBool);
  same.narrow(1, 1, time - 1)
      .copy_(segments.narrow(1, 1, time - 1).eq(segments.narrow(1, 0, time - 1)));
  return at::where(same, places, at::full_like(places, -1)).contiguous();
}

at::Tensor StateSpaceScan(const ScanInput& input) {
  return input.x.is_cpu() ? ScanOnCpu(input) : ScanByChunks(input);
}

at::Tensor ScanByChunks(const ScanInput& input, int64_t chunk) {
  const Chunks parts = Cut(input, chunk);
  at::Tensor y = Inside(parts, chunk);
  if (parts.x.size(1) > 1) y = y + Carried(parts, Added(parts));
  y = y.transpose(2, 3).reshape({input.x.size(0), -1, input.x.size(2), input.x.size(3)});
  return y.narrow(1, 0, input.x.size(1));
}

}  // namespace understudy::nn
