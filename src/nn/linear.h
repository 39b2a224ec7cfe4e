// y = x W^T + b, with a LoRA pair beside it where one is trained (arXiv 2106.09685):
// y += (alpha / rank) * dropout(x) A^T B^T.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "nn/tensors.h"

namespace understudy::nn {

struct LoraPair {
  at::Tensor a;      // [rank, in] f32
  at::Tensor b;      // [out, rank] f32
  double scale = 1;  // alpha / rank
  double dropout = 0;
};

class Linear {
 public:
  Linear() = default;
  Linear(std::string name, Matrix weight, at::Tensor bias = {})
      : name_(std::move(name)), weight_(std::move(weight)), bias_(std::move(bias)) {}

  // x [..., in] f32 -> [..., out] f32. The product runs in `product_type`; sums, bias and LoRA's
  // scale in f32. Dropout acts while at::GradMode is on.
  at::Tensor operator()(const at::Tensor& x) const;

  const std::string& name() const { return name_; }  // without ".weight"
  const Matrix& weight() const { return weight_; }
  void set_product_type(at::ScalarType type) { product_type_ = type; }  // kFloat or kBFloat16

  void set_lora(LoraPair pair) { lora_ = std::move(pair); }
  std::optional<LoraPair>& lora() { return lora_; }

 private:
  std::string name_;
  Matrix weight_;
  at::Tensor bias_;
  at::ScalarType product_type_ = at::kFloat;
  std::optional<LoraPair> lora_;
};

// x [n, in] times a matrix's transpose, in `type`. A frozen matrix is widened once forwards and
// once backwards and never kept so; a trainable one gets its gradient.
at::Tensor Product(const at::Tensor& x, const Matrix& weight, at::ScalarType type);

}  // namespace understudy::nn
