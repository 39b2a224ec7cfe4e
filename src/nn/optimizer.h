// AdamW (arXiv 1711.05101) for vectors, embeddings and LoRA; Muon for the matrices of a model that
// is trained from scratch, which learns more from each token there (Jordan et al. 2024, "Muon: an
// optimizer for hidden layers in neural networks"; arXiv 2502.16982): momentum whose update is made
// orthogonal by five Newton-Schulz steps.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "nn/tensors.h"

namespace understudy::nn {

struct OptimizerOptions {
  double lr = 1e-3;  // of AdamW
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0;  // on matrices only
  bool muon = false;        // for matrices other than the embeddings
  double muon_lr = 0.02;
  double muon_momentum = 0.95;
  double clip = 1.0;  // bound on the norm of all gradients together; 0: none
};

class Optimizer {
 public:
  Optimizer(std::vector<Parameter> parameters, OptimizerOptions options);

  // Applies the gradients with both rates times `rate`, and clears them. Returns the norm of all
  // gradients before clipping; when it is not finite nothing is changed but the gradients cleared.
  double Step(double rate);
  const std::vector<Parameter>& parameters() const { return parameters_; }

  // The state, two tensors a parameter ("NAME.m", "NAME.v") and the count of steps, into and out of
  // a checkpoint. The writer borrows the bytes: keep what Save returns, and write before the next
  // step.
  [[nodiscard]] std::vector<at::Tensor> Save(GgufWriter& writer) const;
  Status Load(const GgufFile& file);

 private:
  struct State {
    at::Tensor first, second;  // Muon has no second
    bool muon = false;
  };
  double GradientNorm() const;
  void Adam(const Parameter& parameter, State& state, const at::Tensor& gradient, double rate);
  void Muon(const Parameter& parameter, State& state, const at::Tensor& gradient, double rate);

  std::vector<Parameter> parameters_;
  std::vector<State> states_;
  OptimizerOptions options_;
  int64_t steps_ = 0;
};

// The nearest orthogonal matrix to `matrix`, about: its singular values become 0.7 to 1.2.
at::Tensor Orthogonalized(const at::Tensor& matrix);

}  // namespace understudy::nn
