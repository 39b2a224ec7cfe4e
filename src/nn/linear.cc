#include "nn/linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include <memory>

namespace understudy::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Holds a frozen matrix for the way back, as the file has it.
struct HeldMatrix : torch::CustomClassHolder {
  explicit HeldMatrix(Matrix held) : matrix(std::move(held)) {}
  Matrix matrix;
};

struct FrozenProduct : Function<FrozenProduct> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Matrix* weight,
                            int64_t type) {
    const auto product_type = static_cast<at::ScalarType>(type);
    context->saved_data["weight"] =
        c10::IValue::make_capsule(c10::make_intrusive<HeldMatrix>(*weight));
    context->saved_data["type"] = type;
    return at::linear(x.to(product_type), weight->As(product_type)).to(at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto product_type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    const auto held = context->saved_data["weight"].toCapsule();
    const Matrix& weight = static_cast<HeldMatrix*>(held.get())->matrix;
    const at::Tensor g = gradients[0].to(product_type);
    return {at::matmul(g, weight.As(product_type)).to(at::kFloat), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor Product(const at::Tensor& x, const Matrix& weight, at::ScalarType type) {
  if (weight.trainable() || !x.requires_grad() || !at::GradMode::is_enabled()) {
    return at::linear(x.to(type), weight.As(type)).to(at::kFloat);
  }
  return FrozenProduct::apply(x, &weight, static_cast<int64_t>(type));
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  const at::Tensor flat = x.reshape({-1, weight_.in()});
  at::Tensor y = Product(flat, weight_, product_type_);
  if (bias_.defined()) y = y + bias_;
  if (lora_) {
    at::Tensor input = flat;
    if (lora_->dropout > 0 && at::GradMode::is_enabled()) {
      input = at::dropout(input, lora_->dropout, true);
    }
    const at::Tensor narrow = at::linear(input.to(product_type_), lora_->a.to(product_type_));
    const at::Tensor wide = at::linear(narrow, lora_->b.to(product_type_));
    y = y + wide.to(at::kFloat) * lora_->scale;
  }
  auto shape = x.sizes().vec();
  shape.back() = weight_.out();
  return y.view(shape);
}

}  // namespace understudy::nn
