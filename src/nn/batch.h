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
  // The teacher's recorded alternatives (distillation): alternative j stands for place
  // soft_place[j] (an index into `where`), is token soft_token[j] and has probability
  // soft_probability[j].
  at::Tensor soft_place, soft_token, soft_probability;  // [m]; undefined without any
  int64_t tokens = 0;                                   // of sequences, without padding
  double weight = 0;                                    // sum of weights
};

// Rows of one width, on the CPU. What dataset/pack.h says of their members holds.
TensorBatch ToTensors(std::span<const PackedRow> rows);

// One sequence a row, padded to the longest: for evaluation.
TensorBatch SideBySide(std::span<const Sequence> sequences, int32_t padding_token);

// The sum over all places of weight * cross entropy, differentiable; 0-dimensional. Where a place
// has a teacher's alternatives, the cross entropy is with those (arXiv 1503.02531), what is missing
// from their sum to 1 being the recorded token's. The batch is taken to the model's device, here
// and in Judge.
at::Tensor Loss(const LanguageModel& model, const TensorBatch& batch);

// What a model makes of a batch, without learning from it. `would_write`, for each row: every place
// that counts has its target as the most probable token. Greedy decoding would then write the
// targets, token for token, and only then.
struct Judged {
  std::vector<bool> would_write;
  double loss = 0;  // the sum over places of weight * cross entropy
};
Judged Judge(const LanguageModel& model, const TensorBatch& batch);

}  // namespace understudy::nn
