// Writing a model's parameters as a GGUF file that llama-server loads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/writer.h"
#include "nn/model_config.h"
#include "nn/tensors.h"

namespace understudy::nn {

// Encodes parameters and keeps their bytes until the file is written. Matrices become `matrices`
// (f32, f16, bf16; q8_0 where rows are whole blocks), everything else f32.
class ModelTensors {
 public:
  static Result<ModelTensors> Encode(const std::vector<Parameter>& parameters, TensorType matrices);
  void AddTo(GgufWriter& writer) const;

 private:
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    TensorType type;
    std::string bytes;
  };
  std::vector<Tensor> tensors_;
};

}  // namespace understudy::nn
