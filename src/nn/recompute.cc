#include "nn/recompute.h"

#include <ATen/Context.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>

namespace understudy::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Step = std::function<at::Tensor(const at::Tensor&)>;

struct HeldStep : torch::CustomClassHolder {
  Step step;
  at::Tensor random_state;
};

// What dropout on the device of `x` draws from.
at::Generator RandomOf(const at::Tensor& x) {
  return at::globalContext().defaultGenerator(x.device());
}

struct RecomputeFunction : torch::autograd::Function<RecomputeFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, Step* step) {
    auto held = c10::make_intrusive<HeldStep>();
    held->step = *step;
    held->random_state = RandomOf(x).get_state();
    context->saved_data["step"] = c10::IValue::make_capsule(held);
    context->save_for_backward({x});
    const at::AutoGradMode off(false);
    return (*step)(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto capsule = context->saved_data["step"].toCapsule();
    auto* held = static_cast<HeldStep*>(capsule.get());
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
    at::Generator random = RandomOf(x);
    const at::Tensor now = random.get_state();
    random.set_state(held->random_state);
    at::Tensor y;
    {
      const at::AutoGradMode on(true);
      y = held->step(x);
    }
    random.set_state(now);
    torch::autograd::backward({y}, {gradients[0]});
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor Recomputed(Step step, const at::Tensor& x) {
  if (!at::GradMode::is_enabled()) return step(x);
  // The embedding of a frozen base needs no gradient, but what is inside the step may.
  const at::Tensor input = x.requires_grad() ? x : x.detach().requires_grad_(true);
  return RecomputeFunction::apply(input, &step);
}

}  // namespace understudy::nn
