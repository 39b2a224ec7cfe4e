#include "nn/model_file.h"

#include <fmt/format.h>

#include "gguf/convert.h"

namespace understudy::nn {
namespace {

// Shapes in the file, innermost first, as llama.cpp wants them.
std::vector<uint64_t> FileShape(const Parameter& parameter) {
  const auto sizes = parameter.value.sizes();
  std::vector<uint64_t> shape(sizes.rbegin(), sizes.rend());
  if (parameter.name.ends_with("ssm_a") || parameter.name.ends_with("ssm_d")) {
    shape.insert(shape.begin(), 1);
  }
  return shape;
}

}  // namespace

Result<ModelTensors> ModelTensors::Encode(const std::vector<Parameter>& parameters,
                                          TensorType matrices) {
  ModelTensors made;
  for (const Parameter& parameter : parameters) {
    const at::Tensor values = InMemory(parameter.value);
    const std::span<const float> numbers(values.data_ptr<float>(),
                                         static_cast<size_t>(values.numel()));
    const TensorType type = parameter.matrix ? matrices : TensorType::kF32;
    TRY(std::string bytes, EncodeTensor(numbers, type));
    made.tensors_.push_back({parameter.name, FileShape(parameter), type, std::move(bytes)});
  }
  return made;
}

void ModelTensors::AddTo(GgufWriter& writer) const {
  for (const Tensor& tensor : tensors_) {
    writer.AddTensor(tensor.name, tensor.shape, tensor.type, tensor.bytes);
  }
}

}  // namespace understudy::nn
