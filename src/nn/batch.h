// Packed rows as tensors, and the loss on them.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <vector>

#include "dataset/pack.h"
#include "nn/mixers.h"
#include "nn/model.h"

namespace understudy::nn {

struct TensorBatch {
  Rows rows;
  at::Tensor where;    // [n] int64: places (row * time + step) whose next token counts
  at::Tensor targets;  // [n] int64: that next token
  at::Tensor weights;  // [n] f32
  int64_t tokens = 0;  // of sequences, without padding
  double weight = 0;   // sum of weights
};

// Rows of one width. What dataset/pack.h says of their members holds.
TensorBatch ToTensors(std::span<const PackedRow> rows);

// One sequence a row, padded to the longest: for evaluation.
TensorBatch SideBySide(std::span<const Sequence> sequences, int32_t padding_token);

// The sum over all places of weight * cross entropy, differentiable; 0-dimensional.
at::Tensor Loss(const LanguageModel& model, const TensorBatch& batch);

// For each row of `batch`: whether every place that counts has its target as the most probable
// token. Greedy decoding would then write the targets, token for token, and only then.
std::vector<bool> WouldWrite(const LanguageModel& model, const TensorBatch& batch);

}  // namespace understudy::nn
