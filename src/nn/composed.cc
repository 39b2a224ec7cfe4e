#include "nn/composed.h"

#include <algorithm>

namespace understudy::nn::composed {

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  const at::Tensor inverse = at::rsqrt(at::mean(x * x, -1, true) + epsilon);
  return x * inverse * weight;
}

at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up) {
  return at::silu(gate) * up;
}

at::Tensor CausalConvSilu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& segments) {
  const int64_t time = x.size(1), kernel = weight.size(1);
  at::Tensor sum = x * weight.select(1, kernel - 1) + bias;
  at::Tensor open = at::ones_like(segments, at::kBool);  // of tokens `back` and later
  for (int64_t back = 1; back < std::min(kernel, time); ++back) {
    const int64_t left = time - back;
    // A tap reaches no further than the one before it did.
    open = open.narrow(1, 1, left)
               .logical_and(segments.narrow(1, back, left).eq(segments.narrow(1, 0, left)));
    const at::Tensor seen =
        x.narrow(1, 0, left) * weight.select(1, kernel - 1 - back) * open.unsqueeze(-1);
    sum = sum + at::constant_pad_nd(seen, {0, 0, back, 0});
  }
  return at::silu(sum);
}

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& turns, bool neox) {
  const int64_t half = turns.size(2), rotary = 2 * half;
  const at::Tensor part = x.narrow(3, 0, rotary);
  // [.., 2, half] or [.., half, 2]: where the two of a pair stand.
  const at::Tensor pairs = neox ? part.unflatten(3, {2, half}) : part.unflatten(3, {half, 2});
  const int64_t side = neox ? 3 : 4;
  const at::Tensor first = pairs.select(side, 0), second = pairs.select(side, 1);
  const at::Tensor cosine = turns.select(3, 0).unsqueeze(2), sine = turns.select(3, 1).unsqueeze(2);
  const at::Tensor turned =
      at::stack({first * cosine - second * sine, first * sine + second * cosine}, side).flatten(3);
  return rotary == x.size(3) ? turned
                             : at::cat({turned, x.narrow(3, rotary, x.size(3) - rotary)}, 3);
}

}  // namespace understudy::nn::composed
