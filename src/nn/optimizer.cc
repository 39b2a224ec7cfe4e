#include "nn/optimizer.h"

#include <fmt/format.h>

#include <cmath>

namespace understudy::nn {
namespace {

constexpr int kNewtonSchulzSteps = 5;
constexpr std::string_view kSteps = "understudy.optimizer.steps";

bool IsEmbedding(const std::string& name) {
  return name == "token_embd.weight" || name == "output.weight";
}

std::string_view Bytes(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), static_cast<size_t>(tensor.nbytes())};
}

}  // namespace

at::Tensor Orthogonalized(const at::Tensor& matrix) {
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;  // Jordan's quintic
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = (tall ? matrix.t() : matrix);
  x = (x / (x.norm() + 1e-7)).to(at::kBFloat16);
  for (int i = 0; i < kNewtonSchulzSteps; ++i) {
    const at::Tensor gram = at::matmul(x, x.t());
    const at::Tensor factor = gram * kB + at::matmul(gram, gram) * kC;
    x = x * kA + at::matmul(factor, x);
  }
  return (tall ? x.t() : x).to(at::kFloat);
}

Optimizer::Optimizer(std::vector<Parameter> parameters, OptimizerOptions options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const Parameter& parameter : parameters_) {
    State state;
    state.muon = options_.muon && parameter.matrix && !IsEmbedding(parameter.name);
    state.first = at::zeros_like(parameter.value, at::TensorOptions().requires_grad(false));
    if (!state.muon) state.second = at::zeros_like(state.first);
    states_.push_back(std::move(state));
  }
}

double Optimizer::GradientNorm() const {
  double sum = 0;
  for (const Parameter& parameter : parameters_) {
    const at::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) sum += std::pow(gradient.norm().item<double>(), 2);
  }
  return std::sqrt(sum);
}

double Optimizer::Step(double rate) {
  const at::NoGradGuard no_grad;
  const double norm = GradientNorm();
  if (std::isfinite(norm)) {
    ++steps_;
    const double shrink = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& gradient = parameters_[i].value.grad();
      if (!gradient.defined()) continue;
      if (states_[i].muon) {
        Muon(parameters_[i], states_[i], gradient, rate);
      } else {
        Adam(parameters_[i], states_[i], shrink == 1 ? gradient : gradient * shrink, rate);
      }
    }
  }
  for (Parameter& parameter : parameters_) parameter.value.mutable_grad() = at::Tensor();
  return norm;
}

void Optimizer::Adam(const Parameter& parameter, State& state, const at::Tensor& gradient,
                     double rate) {
  const auto steps = static_cast<double>(steps_);
  const double lr = options_.lr * rate;
  state.first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  state.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const double unbias = std::sqrt(1 - std::pow(options_.beta2, steps));
  const at::Tensor scale = state.second.sqrt().div_(unbias).add_(options_.epsilon);
  at::Tensor value = parameter.value;
  if (parameter.matrix && options_.weight_decay > 0) value.mul_(1 - lr * options_.weight_decay);
  value.addcdiv_(state.first, scale, -lr / (1 - std::pow(options_.beta1, steps)));
}

void Optimizer::Muon(const Parameter& parameter, State& state, const at::Tensor& gradient,
                     double rate) {
  const double lr = options_.muon_lr * rate;
  state.first.mul_(options_.muon_momentum).add_(gradient);
  const at::Tensor ahead = at::add(gradient, state.first, options_.muon_momentum);  // Nesterov
  const auto out = static_cast<double>(gradient.size(0)),
             in = static_cast<double>(gradient.size(1));
  at::Tensor value = parameter.value;
  if (options_.weight_decay > 0) value.mul_(1 - lr * options_.weight_decay);
  value.add_(Orthogonalized(ahead), -lr * std::sqrt(std::max(1.0, out / in)));
}

std::vector<at::Tensor> Optimizer::Save(GgufWriter& writer) const {
  std::vector<at::Tensor> borrowed;
  writer.Set(kSteps, static_cast<uint64_t>(steps_));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto add = [&](std::string_view suffix, const at::Tensor& tensor) {
      if (!tensor.defined()) return;
      const std::array<uint64_t, 1> shape{static_cast<uint64_t>(tensor.numel())};
      writer.AddTensor(parameters_[i].name + std::string(suffix), shape, TensorType::kF32,
                       Bytes(borrowed.emplace_back(InMemory(tensor))));
    };
    add(".m", states_[i].first);
    add(".v", states_[i].second);
  }
  return borrowed;
}

Status Optimizer::Load(const GgufFile& file) {
  const auto steps = file.Unsigned(kSteps);
  if (!steps) return Fail(InvalidInput("the checkpoint has no optimizer state"));
  steps_ = static_cast<int64_t>(*steps);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto read = [&](std::string_view suffix, at::Tensor& tensor) -> Status {
      if (!tensor.defined()) return {};
      const std::string name = parameters_[i].name + std::string(suffix);
      const GgufTensor* found = file.FindTensor(name);
      if (found != nullptr && Fill(tensor, found->bytes)) return {};
      return Fail(
          InvalidInput(fmt::format("the checkpoint lacks {}, or it has another size", name)));
    };
    TRY_VOID(read(".m", states_[i].first));
    TRY_VOID(read(".v", states_[i].second));
  }
  return {};
}

}  // namespace understudy::nn
