// Element-wise steps of a model as single passes over memory, each with its gradient. Composed of
// tensor operations they would read and write every activation several times over; on a CPU that
// costs as much as the matrix products. Tensors on another device take composed.h instead.
//
// Tensors are f32, all of a call on one device, and made contiguous where they are not; where
// autograd is off nothing is saved.
#pragma once

#include <ATen/ATen.h>

namespace understudy::nn {

// x / sqrt(mean(x^2) + epsilon) * weight over the last dimension (arXiv 1910.07467).
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

// silu(gate) * up, element by element (arXiv 2002.05202).
at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up);

// silu of a causal convolution along time, one filter a channel: x [rows, time, channels],
// weight [channels, kernel] (the last tap is the present), bias [channels]. `segments` [rows, time]
// int64: a tap that reaches into another segment counts as zero. `previous` as in ssd.h.
at::Tensor CausalConvSilu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& segments, const at::Tensor& previous = {});

// Turns pairs of numbers by position (arXiv 2104.09864): x [rows, time, heads, size], positions
// [rows, time] int64. `neox`: pairs are (i, i + rotary / 2), as GPT-NeoX has them, else (2i, 2i +
// 1).
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& positions, int64_t rotary, double base,
                  bool neox);

// Cosine and sine of the angles that Rotate turns by: [rows, time, rotary / 2, 2] f32.
at::Tensor RotaryTurns(const at::Tensor& positions, int64_t rotary, double base);

}  // namespace understudy::nn
