// The stream of batches that a training run takes: its data, mixed with replayed data at a given
// share, shuffled and packed anew every epoch. Batch (epoch, index) is always the same.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataset/pack.h"

namespace understudy {

struct BatchOptions {
  PackOptions pack;
  // Of an epoch's tokens, how many are replayed, in [0, 1): 0.2 means that one of five tokens comes
  // from the second file. What is replayed is drawn without repetition until all of it was used.
  double replay_share = 0;
  int32_t padding_token = 0;
};

struct Batch {
  size_t width = 0;             // tokens of a row
  std::vector<PackedRow> rows;  // at least one
  int64_t target_tokens = 0;    // sum of the weights
};

class BatchSource {
 public:
  // `replay` may be empty. `data` is not, and no sequence is longer than pack.max_tokens.
  BatchSource(std::vector<Sequence> data, std::vector<Sequence> replay, BatchOptions options);

  size_t batches(uint64_t epoch);           // of that epoch; at least one
  Batch Get(uint64_t epoch, size_t index);  // index < batches(epoch)
  int64_t padding_tokens(uint64_t epoch);   // of all its rows
  int64_t replayed(uint64_t epoch);         // sequences of the second file in it

 private:
  const std::vector<BatchPlan>& Plan(uint64_t epoch);  // keeps the latest
  std::vector<size_t> Order(uint64_t epoch) const;

  BatchOptions options_;
  std::vector<Sequence> sequences_;  // data, then replay
  std::vector<size_t> lengths_;
  size_t data_count_ = 0;
  size_t replay_per_epoch_ = 0;
  std::optional<uint64_t> planned_;
  std::vector<BatchPlan> plan_;
};

}  // namespace understudy
