#include "nn/tensors.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>

#include "gguf/format.h"

namespace understudy::nn {
namespace {

constexpr int64_t kQ8Block = 32;
constexpr size_t kQ8BlockBytes = 34;  // an f16 scale, then 32 signed bytes
constexpr double kStandardDeviation = 0.02;

Result<at::ScalarType> TorchType(const GgufTensor& tensor) {
  switch (tensor.type) {
    case TensorType::kF32: return at::kFloat;
    case TensorType::kF16: return at::kHalf;
    case TensorType::kBF16: return at::kBFloat16;
    default:
      return Fail(
          Unsupported(fmt::format("tensor {} is {}: trained on can be f32, f16, bf16 and q8_0",
                                  tensor.name, Name(tensor.type))));
  }
}

Matrix UnpackQ8(const GgufTensor& tensor, int64_t out, int64_t in) {
  const int64_t blocks = in / kQ8Block;
  at::Tensor quants = at::empty({out, in}, at::kChar);
  at::Tensor scales = at::empty({out, blocks}, at::kHalf);
  auto* quant = static_cast<char*>(quants.data_ptr());
  auto* scale = static_cast<char*>(scales.data_ptr());
  const char* from = tensor.bytes.data();
  for (int64_t block = 0; block < out * blocks; ++block, from += kQ8BlockBytes) {
    std::memcpy(scale + block * 2, from, 2);
    std::memcpy(quant + block * kQ8Block, from + 2, kQ8Block);
  }
  return {quants, scales};
}

bool WritesToResidual(const std::string& name) {
  return name.ends_with("attn_output.weight") || name.ends_with("ffn_down.weight") ||
         name.ends_with("ssm_out.weight");
}

}  // namespace

at::Tensor Matrix::As(at::ScalarType type) const {
  if (!scales_.defined()) return values_.to(type);
  const at::Tensor blocks = values_.view({out(), -1, kQ8Block}).to(at::kFloat);
  return (blocks * scales_.to(at::kFloat).unsqueeze(-1)).view({out(), in()}).to(type);
}

at::Tensor Matrix::Rows(const at::Tensor& ids) const {
  const at::Tensor flat = ids.reshape({-1});
  at::Tensor rows = values_.index_select(0, flat).to(at::kFloat);
  if (scales_.defined()) {
    const at::Tensor scales = scales_.index_select(0, flat).to(at::kFloat).unsqueeze(-1);
    rows = (rows.view({flat.size(0), -1, kQ8Block}) * scales).view({flat.size(0), in()});
  }
  auto shape = ids.sizes().vec();
  shape.push_back(in());
  return rows.view(shape);
}

Matrix Matrix::To(at::Device device) const {
  if (!scales_.defined()) return Matrix(values_.to(device));
  return {values_.to(device), scales_.to(device)};
}

at::Tensor InMemory(const at::Tensor& tensor) {
  return tensor.detach().cpu().contiguous();
}

bool Fill(at::Tensor tensor, std::string_view from) {
  if (from.size() != static_cast<size_t>(tensor.nbytes())) return false;
  const at::Tensor numbers = at::empty(tensor.sizes(), at::kFloat);
  std::memcpy(numbers.data_ptr(), from.data(), from.size());
  tensor.copy_(numbers);
  return true;
}

Result<at::Tensor> ToTorch(const GgufTensor& tensor, at::IntArrayRef shape) {
  TRY(const at::ScalarType type, TorchType(tensor));
  at::Tensor made = at::empty(shape, type);
  if (static_cast<size_t>(made.nbytes()) != tensor.bytes.size()) {
    return Fail(
        InvalidInput(fmt::format("tensor {} has {} bytes, its model needs {} ({})", tensor.name,
                                 tensor.bytes.size(), made.nbytes(), fmt::join(shape, " x "))));
  }
  std::memcpy(made.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return made;
}

Result<Matrix> ToMatrix(const GgufTensor& tensor, int64_t out, int64_t in) {
  if (tensor.type != TensorType::kQ8_0) {
    TRY(at::Tensor values, ToTorch(tensor, {out, in}));
    return Matrix(std::move(values));
  }
  return UnpackQ8(tensor, out, in);
}

Result<const GgufTensor*> FileSource::Find(const std::string& name, at::IntArrayRef shape) const {
  const GgufTensor* tensor = file_.FindTensor(name);
  if (tensor == nullptr) return Fail(InvalidInput(fmt::format("tensor {} is missing", name)));
  bool same = true;
  for (size_t i = 0; i < kGgufMaxDimensions; ++i) {
    const uint64_t wanted =
        i < shape.size() ? static_cast<uint64_t>(shape[shape.size() - 1 - i]) : 1;
    same = same && tensor->shape[i] == wanted;
  }
  // llama.cpp keeps some vectors as [n, 1] and some as [n]: the count decides there.
  if (!same && tensor->elements() != static_cast<uint64_t>(c10::multiply_integers(shape))) {
    return Fail(
        InvalidInput(fmt::format("tensor {} has the shape {} (innermost first), its model needs {}",
                                 name, fmt::join(tensor->shape, " x "), fmt::join(shape, " x "))));
  }
  return tensor;
}

Result<Matrix> FileSource::GetMatrix(const std::string& name, int64_t out, int64_t in) {
  TRY(const GgufTensor* tensor, Find(name, {out, in}));
  TRY(const Matrix matrix, ToMatrix(*tensor, out, in));
  return matrix.To(device_);
}

Result<at::Tensor> FileSource::GetVector(const std::string& name, at::IntArrayRef shape, Start) {
  TRY(const GgufTensor* tensor, Find(name, shape));
  TRY(const at::Tensor values, ToTorch(*tensor, shape));
  return values.to(at::kFloat).to(device_);
}

SeedSource::SeedSource(uint64_t seed, int64_t layers, at::Device device)
    : random_(at::detail::createCPUGenerator(seed)), layers_(layers), device_(device) {}

at::Tensor SeedSource::Keep(const std::string& name, at::Tensor value, bool matrix) {
  value = value.to(device_).requires_grad_(true);
  parameters_.push_back({name, value, matrix});
  return value;
}

Result<Matrix> SeedSource::GetMatrix(const std::string& name, int64_t out, int64_t in) {
  double deviation = kStandardDeviation;
  if (WritesToResidual(name)) deviation /= std::sqrt(2.0 * static_cast<double>(layers_));
  return Matrix(Keep(name, at::empty({out, in}, at::kFloat).normal_(0, deviation, random_), true));
}

Result<at::Tensor> SeedSource::GetVector(const std::string& name, at::IntArrayRef shape,
                                         Start start) {
  at::Tensor value = at::zeros(shape, at::kFloat);
  switch (start) {
    case Start::kZeros: break;
    case Start::kOnes: value.fill_(1); break;
    case Start::kNormal: value.normal_(0, kStandardDeviation, random_); break;
    case Start::kConv:  // uniform within 1 / sqrt(kernel), as PyTorch's Conv1d of one channel a
                        // group
      value.uniform_(-1 / std::sqrt(static_cast<double>(shape.back())),
                     1 / std::sqrt(static_cast<double>(shape.back())), random_);
      break;
    case Start::kTimeStep: {  // the inverse of softplus
      value.uniform_(std::log(0.001), std::log(0.1), random_).exp_();
      value = value + at::log(-at::expm1(-value));
      break;
    }
    case Start::kDecay:  // ssm_a is -exp(A_log)
      value.uniform_(1, 16, random_).neg_();
      break;
  }
  return Keep(name, value.detach(), false);
}

Result<Matrix> TrainableFileSource::GetMatrix(const std::string& name, int64_t out, int64_t in) {
  TRY(const Matrix frozen, frozen_.GetMatrix(name, out, in));
  at::Tensor value = frozen.As(at::kFloat).clone().requires_grad_(true);
  parameters_.push_back({name, value, true});
  return Matrix(value);
}

Result<at::Tensor> TrainableFileSource::GetVector(const std::string& name, at::IntArrayRef shape,
                                                  Start start) {
  TRY(const at::Tensor frozen, frozen_.GetVector(name, shape, start));
  at::Tensor value = frozen.clone().requires_grad_(true);
  parameters_.push_back({name, value, false});
  return value;
}

}  // namespace understudy::nn
