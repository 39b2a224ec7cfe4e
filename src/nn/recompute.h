// Activation checkpointing (arXiv 1604.06174): a step whose insides are not remembered but computed
// once more on the way back.
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace understudy::nn {

// step(x), remembering x alone. Trainable tensors that `step` reads get their gradients as usual.
// What `step` refers to must live until the way back; a step that draws random numbers (dropout)
// draws the same again.
at::Tensor Recomputed(std::function<at::Tensor(const at::Tensor&)> step, const at::Tensor& x);

}  // namespace understudy::nn
