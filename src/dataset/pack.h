// Packing: sequences side by side in rows, so that few tokens are padding.
//
// First-fit decreasing within windows: the sequences of an epoch are shuffled, cut into windows of
// a thousand, and in each window the longest is placed first, in the first row with room for it.
// Rows come in a few widths (max_tokens, its half, its quarter, ...): a new row is as wide as its
// first sequence needs, so that short sequences do not pay for attention over long rows, and rows
// of one width make a batch without padding between them.
// Source of first-fit decreasing: D. S. Johnson, "Near-optimal bin packing algorithms", 1973.
//
// Everything is a pure function of the lengths, the options, the seed and the epoch: training goes
// on at (epoch, batch) without any other state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataset/sequence.h"

namespace understudy {

struct PackOptions {
  size_t max_tokens = 2048;    // widest row; no sequence is longer
  size_t least_width = 256;    // narrowest row
  size_t batch_tokens = 8192;  // rows x width of a batch at most; one row where it is wider
  uint64_t seed = 0;
};

// Indexes of the sequences that share a row, in the order they lie in it.
struct RowPlan {
  size_t width = 0;
  std::vector<size_t> sequences;
};
using BatchPlan = std::vector<RowPlan>;  // all of one width

// All batches of an epoch, in order. `order` are indexes into `lengths`, each as often as it shall
// occur; they are shuffled here.
std::vector<BatchPlan> PlanBatches(std::span<const size_t> lengths, std::vector<size_t> order,
                                   const PackOptions& options, uint64_t epoch);

inline constexpr int32_t kPaddingSegment = -1;

// A row as the model takes it; all vectors have `width` items.
struct PackedRow {
  std::vector<int32_t> tokens;     // the padding token behind the last sequence
  std::vector<float> weights;      // as Sequence::weights; 0 at each segment's first token
  std::vector<int32_t> segments;   // 0, 1, ...: which sequence; kPaddingSegment for padding
  std::vector<int32_t> positions;  // from 0 in each sequence; 0 for padding
  // The place in the row that each token follows: of the one before it, or, where a branch begins,
  // of its trunk's last; -1 at a sequence's begin and for padding.
  std::vector<int32_t> previous;
  std::vector<SoftTarget> soft;  // positions count from the row's begin
};

PackedRow PackRow(const RowPlan& plan, std::span<const Sequence> sequences, int32_t padding_token);

// A generator for shuffles that is the same on every machine (std::shuffle's result is not):
// SplitMix64 by Sebastiano Vigna, https://prng.di.unimi.it/splitmix64.c.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t limit);  // uniform in [0, limit), limit > 0

 private:
  uint64_t state_;
};
void Shuffle(std::vector<size_t>& items, SplitMix& random);  // Fisher and Yates

// One seed from several numbers.
uint64_t MixSeed(uint64_t seed, uint64_t a, uint64_t b);

}  // namespace understudy
