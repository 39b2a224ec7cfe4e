// Token sequences packed into the rows of a batch, and the loss on them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "nn/mixers.h"
#include "nn/model.h"

namespace understudy::nn {

// One sequence: token i + 1 is to be predicted from those up to i, and counts weights[i + 1].
struct Sequence {
  std::vector<int32_t> tokens;
  std::vector<float> weights;  // one a token; the first token's is not used
};

struct Batch {
  Rows rows;
  at::Tensor where;    // [n] int64: places (row * time + step) whose next token counts
  at::Tensor targets;  // [n] int64: that next token
  at::Tensor weights;  // [n] f32
  int64_t tokens = 0;  // of sequences, without padding
};

// Packs sequences, in order, each into the first of `rows` rows of `time` tokens that has room.
class Packer {
 public:
  Packer(int64_t rows, int64_t time);
  // False: no row has room (or the sequence is longer than a row); it stays the caller's.
  bool Add(const Sequence& sequence);
  bool empty() const { return tokens_ == 0; }
  Batch Take();  // and begins anew

 private:
  int64_t rows_, time_, tokens_ = 0;
  std::vector<int64_t> filled_, count_;
  std::vector<int64_t> ids_, segments_, positions_;
  std::vector<int64_t> where_, targets_;
  std::vector<float> weights_;
};

// A batch of sequences side by side, one a row, padded to the longest: for evaluation.
Batch SideBySide(std::span<const Sequence> sequences);

struct LossParts {
  at::Tensor sum;     // of weight * cross entropy, differentiable
  double weight = 0;  // of all places
};
LossParts Loss(const LanguageModel& model, const Batch& batch);

// For each row of `batch`: whether every place that counts has its target as the most probable
// token. That is so exactly when greedy decoding would write the targets, token for token.
std::vector<bool> WouldWrite(const LanguageModel& model, const Batch& batch);

}  // namespace understudy::nn
