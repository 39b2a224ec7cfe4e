#include "nn/batch.h"

#include <algorithm>

namespace understudy::nn {
namespace {

constexpr int64_t kPadding = 0;  // segment of what is no sequence's; sequences count from 1

at::Tensor Matrix64(const std::vector<int64_t>& values, int64_t rows, int64_t time) {
  return at::tensor(values, at::kLong).view({rows, time});
}

}  // namespace

Packer::Packer(int64_t rows, int64_t time) : rows_(rows), time_(time) { Take(); }

bool Packer::Add(const Sequence& sequence) {
  const auto length = static_cast<int64_t>(sequence.tokens.size());
  const auto room = std::ranges::find_if(filled_, [&](int64_t filled) { return filled + length <= time_; });
  if (room == filled_.end() || length < 2) return length < 2;
  const int64_t row = room - filled_.begin();
  const int64_t start = row * time_ + *room;
  const int64_t segment = ++count_[static_cast<size_t>(row)];
  for (int64_t i = 0; i < length; ++i) {
    const auto at = static_cast<size_t>(start + i);
    ids_[at] = sequence.tokens[static_cast<size_t>(i)];
    segments_[at] = segment;
    positions_[at] = i;
    if (i == 0 || sequence.weights[static_cast<size_t>(i)] <= 0) continue;
    where_.push_back(start + i - 1);
    targets_.push_back(sequence.tokens[static_cast<size_t>(i)]);
    weights_.push_back(sequence.weights[static_cast<size_t>(i)]);
  }
  *room += length;
  tokens_ += length;
  return true;
}

Batch Packer::Take() {
  Batch batch;
  if (tokens_ > 0) {
    batch.rows.tokens = Matrix64(ids_, rows_, time_);
    batch.rows.segments = Matrix64(segments_, rows_, time_);
    batch.rows.positions = Matrix64(positions_, rows_, time_);
    LookBack(batch.rows);
    batch.where = at::tensor(where_, at::kLong);
    batch.targets = at::tensor(targets_, at::kLong);
    batch.weights = at::tensor(weights_, at::kFloat);
    batch.tokens = tokens_;
  }
  const auto all = static_cast<size_t>(rows_ * time_);
  ids_.assign(all, 0);
  segments_.assign(all, kPadding);
  positions_.assign(all, 0);
  filled_.assign(static_cast<size_t>(rows_), 0);
  count_.assign(static_cast<size_t>(rows_), 0);
  where_.clear();
  targets_.clear();
  weights_.clear();
  tokens_ = 0;
  return batch;
}

Batch SideBySide(std::span<const Sequence> sequences) {
  size_t longest = 2;
  for (const Sequence& sequence : sequences) longest = std::max(longest, sequence.tokens.size());
  // Rows as long as the longest take one sequence each only if no two short ones fit into one: so
  // every sequence gets a packer of its own row.
  const auto rows = static_cast<int64_t>(sequences.size()), time = static_cast<int64_t>(longest);
  std::vector<Batch> parts;
  Batch all;
  for (const Sequence& sequence : sequences) {
    Packer packer(1, time);
    packer.Add(sequence);
    parts.push_back(packer.Take());
    all.tokens += parts.back().tokens;
  }
  const auto join = [&](auto member) {
    std::vector<at::Tensor> tensors;
    for (const Batch& part : parts) tensors.push_back(part.rows.*member);
    return at::cat(tensors, 0);
  };
  all.rows.tokens = join(&Rows::tokens);
  all.rows.segments = join(&Rows::segments);
  all.rows.positions = join(&Rows::positions);
  LookBack(all.rows);
  std::vector<at::Tensor> where, targets, weights;
  for (int64_t row = 0; row < rows; ++row) {
    const Batch& part = parts[static_cast<size_t>(row)];
    where.push_back(part.where + row * time);
    targets.push_back(part.targets);
    weights.push_back(part.weights);
  }
  all.where = at::cat(where);
  all.targets = at::cat(targets);
  all.weights = at::cat(weights);
  return all;
}

LossParts Loss(const LanguageModel& model, const Batch& batch) {
  const at::Tensor hidden = model.Hidden(batch.rows);
  const at::Tensor chosen = hidden.reshape({-1, hidden.size(-1)}).index_select(0, batch.where);
  const at::Tensor loss = at::cross_entropy_loss(model.Logits(chosen), batch.targets, {}, at::Reduction::None);
  return {(loss * batch.weights).sum(), batch.weights.sum().item<double>()};
}

std::vector<bool> WouldWrite(const LanguageModel& model, const Batch& batch) {
  const at::NoGradGuard no_grad;
  const at::Tensor hidden = model.Hidden(batch.rows);
  const at::Tensor chosen = hidden.reshape({-1, hidden.size(-1)}).index_select(0, batch.where);
  const at::Tensor right = model.Logits(chosen).argmax(-1).eq(batch.targets);
  const at::Tensor row = at::div(batch.where, hidden.size(1), "floor");
  std::vector<bool> written(static_cast<size_t>(hidden.size(0)), true);
  for (int64_t i = 0; i < right.size(0); ++i) {
    if (!right[i].item<bool>()) written[static_cast<size_t>(row[i].item<int64_t>())] = false;
  }
  return written;
}

}  // namespace understudy::nn
