// Low-rank adapters on a model's matrices: which ones, how they start, and how they leave.
#pragma once

#include <string>
#include <vector>

#include "adapter/lora.h"
#include "base/result.h"
#include "nn/model.h"
#include "nn/tensors.h"

namespace understudy::nn {

struct LoraSettings {
  int64_t rank = 16;
  double alpha = 32;
  double dropout = 0;
  std::vector<std::string> targets{"all"};  // or of attention, mlp, ssm
  uint64_t seed = 1;
};

// Puts a pair beside every matrix that `targets` names: A uniform within 1 / sqrt(in), B zero, so
// that the model begins as it is. Returns A and B of each as parameters, named as in a GGUF adapter
// ("blk.0.attn_q.weight.lora_a"). kInvalidInput where the model has no such matrices.
Result<std::vector<Parameter>> AddLora(LanguageModel& model, const LoraSettings& settings);

// The pairs as plain numbers, of `values` as AddLora returned them (or a copy of them).
LoraAdapter ExportLora(const LanguageModel& model, const LoraSettings& settings,
                       const std::vector<Parameter>& values, std::string task);

}  // namespace understudy::nn
