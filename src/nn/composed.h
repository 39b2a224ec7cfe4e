// The steps of kernels.h composed of tensor operations: for every device that libtorch knows, and
// what the kernels are held against. Autograd has their gradients. Shapes, types and meaning are
// those of kernels.h; each reads and writes its activations several times over.
#pragma once

#include <ATen/ATen.h>

namespace understudy::nn::composed {

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up);

at::Tensor CausalConvSilu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& segments);

// `turns` [rows, time, rotary / 2, 2] f32: cosine and sine of each pair's angle (RotaryTurns).
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& turns, bool neox);

}  // namespace understudy::nn::composed
