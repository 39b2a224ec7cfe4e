#include "dataset/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understudy {
namespace {

double MeanLength(std::span<const size_t> lengths) {
  const auto sum = std::accumulate(lengths.begin(), lengths.end(), size_t{0});
  return lengths.empty() ? 0 : static_cast<double>(sum) / static_cast<double>(lengths.size());
}

}  // namespace

BatchSource::BatchSource(std::vector<Sequence> data, std::vector<Sequence> replay,
                         BatchOptions options)
    : options_(options), sequences_(std::move(data)), data_count_(sequences_.size()) {
  std::ranges::move(replay, std::back_inserter(sequences_));
  for (const Sequence& sequence : sequences_) lengths_.push_back(sequence.tokens.size());
  const auto of_data = std::span(lengths_).first(data_count_);
  const auto of_replay = std::span(lengths_).subspan(data_count_);
  if (of_replay.empty() || !(options_.replay_share > 0)) return;
  const double share = std::min(options_.replay_share, 0.95);
  const double tokens =
      MeanLength(of_data) * static_cast<double>(data_count_) * share / (1 - share);
  replay_per_epoch_ =
      static_cast<size_t>(std::max(1.0, std::round(tokens / MeanLength(of_replay))));
}

// Epoch e takes the next replay_per_epoch_ of an endless row of shuffled rounds over the second
// file, so that everything comes once before anything comes twice.
std::vector<size_t> BatchSource::Order(uint64_t epoch) const {
  std::vector<size_t> order(data_count_);
  std::iota(order.begin(), order.end(), size_t{0});
  const size_t count = sequences_.size() - data_count_;
  std::vector<size_t> round(count);
  std::optional<uint64_t> shuffled;
  for (size_t i = 0; i < replay_per_epoch_; ++i) {
    const uint64_t place = epoch * replay_per_epoch_ + i;
    if (shuffled != place / count) {
      shuffled = place / count;
      std::iota(round.begin(), round.end(), data_count_);
      SplitMix random(MixSeed(options_.pack.seed, *shuffled, 2));
      Shuffle(round, random);
    }
    order.push_back(round[place % count]);
  }
  return order;
}

const std::vector<BatchPlan>& BatchSource::Plan(uint64_t epoch) {
  if (planned_ != epoch) {
    plan_ = PlanBatches(lengths_, Order(epoch), options_.pack, epoch);
    planned_ = epoch;
  }
  return plan_;
}

size_t BatchSource::batches(uint64_t epoch) {
  return Plan(epoch).size();
}

Batch BatchSource::Get(uint64_t epoch, size_t index) {
  Batch batch;
  for (const RowPlan& row : Plan(epoch).at(index)) {
    batch.width = row.width;
    batch.rows.push_back(PackRow(row, sequences_, options_.padding_token));
    batch.target_tokens += std::ranges::count(batch.rows.back().weights, 1.0F);
  }
  return batch;
}

int64_t BatchSource::padding_tokens(uint64_t epoch) {
  int64_t padding = 0;
  for (const BatchPlan& batch : Plan(epoch)) {
    for (const RowPlan& row : batch) {
      padding += static_cast<int64_t>(row.width);
      for (const size_t i : row.sequences) padding -= static_cast<int64_t>(lengths_[i]);
    }
  }
  return padding;
}

int64_t BatchSource::replayed(uint64_t epoch) {
  int64_t count = 0;
  for (const BatchPlan& batch : Plan(epoch)) {
    for (const RowPlan& row : batch) {
      count += std::ranges::count_if(row.sequences, [&](size_t i) { return i >= data_count_; });
    }
  }
  return count;
}

}  // namespace understudy
