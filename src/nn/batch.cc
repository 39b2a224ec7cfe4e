#include "nn/batch.h"

#include <algorithm>
#include <cmath>

namespace understudy::nn {
namespace {

at::Tensor Stacked(std::span<const PackedRow> rows, std::vector<int32_t> PackedRow::* member) {
  std::vector<at::Tensor> tensors;
  for (const PackedRow& row : rows) tensors.push_back(at::tensor(row.*member, at::kLong));
  return at::stack(tensors);
}

int64_t RoundedUp(int64_t count, int64_t step) {
  return (count + step - 1) / step * step;
}

// Logits of the places that count, [n, vocabulary]: the others are never computed.
//
// oneDNN makes a kernel for every shape of a product and keeps the last thousand of them with their
// buffers. How many places count differs from batch to batch, so as many as there are would fill
// gigabytes with kernels that never come again: the product is of a round number of them.
at::Tensor LogitsWhere(const LanguageModel& model, const TensorBatch& batch) {
  constexpr int64_t kRound = 256;
  const at::Tensor hidden = model.Hidden(batch.rows);
  const int64_t count = batch.where.numel(), more = RoundedUp(count, kRound) - count;
  const at::Tensor where = at::cat({batch.where, at::zeros({more}, batch.where.options())});
  const at::Tensor logits =
      model.Logits(hidden.reshape({-1, hidden.size(-1)}).index_select(0, where));
  return logits.narrow(0, 0, count);
}

// Collects the alternatives of rows while their places are numbered.
struct SoftPlaces {
  std::vector<int64_t> places, tokens;
  std::vector<float> probabilities;

  void Add(const SoftTarget& target, int64_t place) {
    for (const auto& [token, log_probability] : target.alternatives) {
      places.push_back(place);
      tokens.push_back(token);
      probabilities.push_back(std::exp(log_probability));
    }
  }
  void Into(TensorBatch& batch) const {
    if (places.empty()) return;
    batch.soft_place = at::tensor(places, at::kLong);
    batch.soft_token = at::tensor(tokens, at::kLong);
    batch.soft_probability = at::tensor(probabilities, at::kFloat);
  }
};

// Moves weight from the recorded tokens' losses to those of the alternatives.
at::Tensor Softened(const at::Tensor& logits, const at::Tensor& hard, const TensorBatch& batch) {
  const at::Tensor chosen = at::log_softmax(logits, -1).index({batch.soft_place, batch.soft_token});
  const at::Tensor none = at::zeros_like(hard);
  const at::Tensor covered =
      none.index_add(0, batch.soft_place, batch.soft_probability).clamp_max(1);
  return hard * (1 - covered) -
         none.index_add(0, batch.soft_place, chosen * batch.soft_probability);
}

TensorBatch On(at::Device device, const TensorBatch& batch) {
  TensorBatch there = batch;
  for (at::Tensor* tensor :
       {&there.rows.tokens, &there.rows.segments, &there.rows.positions, &there.rows.previous,
        &there.rows.ahead, &there.where, &there.targets, &there.weights, &there.soft_place,
        &there.soft_token, &there.soft_probability}) {
    if (tensor->defined()) *tensor = tensor->to(device);
  }
  return there;
}

}  // namespace

TensorBatch ToTensors(std::span<const PackedRow> rows) {
  TensorBatch batch;
  batch.rows.tokens = Stacked(rows, &PackedRow::tokens);
  batch.rows.segments = Stacked(rows, &PackedRow::segments);
  batch.rows.positions = Stacked(rows, &PackedRow::positions);
  batch.rows.previous = Stacked(rows, &PackedRow::previous);
  LookBack(batch.rows);
  batch.tokens = batch.rows.segments.ge(0).sum().item<int64_t>();
  std::vector<int64_t> where, targets;
  std::vector<float> weights;
  SoftPlaces soft;
  int64_t begin = 0;
  for (const PackedRow& row : rows) {
    auto next_soft = row.soft.begin();
    for (size_t i = 1; i < row.tokens.size(); ++i) {
      if (row.weights[i] <= 0) continue;
      while (next_soft != row.soft.end() && next_soft->position < i) ++next_soft;
      if (next_soft != row.soft.end() && next_soft->position == i) {
        soft.Add(*next_soft, static_cast<int64_t>(where.size()));
      }
      where.push_back(begin + static_cast<int64_t>(i) - 1);
      targets.push_back(row.tokens[i]);
      weights.push_back(row.weights[i]);
      batch.weight += row.weights[i];
    }
    begin += static_cast<int64_t>(row.tokens.size());
  }
  soft.Into(batch);
  batch.where = at::tensor(where, at::kLong);
  batch.targets = at::tensor(targets, at::kLong);
  batch.weights = at::tensor(weights, at::kFloat);
  return batch;
}

TensorBatch SideBySide(std::span<const Sequence> sequences, int32_t padding_token) {
  constexpr int64_t kRound = 32;  // of the rows' width, as of the places whose logits are wanted
  size_t longest = 2;
  for (const Sequence& sequence : sequences) longest = std::max(longest, sequence.tokens.size());
  longest = static_cast<size_t>(RoundedUp(static_cast<int64_t>(longest), kRound));
  std::vector<PackedRow> rows;
  for (size_t i = 0; i < sequences.size(); ++i) {
    rows.push_back(PackRow({.width = longest, .sequences = {i}}, sequences, padding_token));
  }
  return ToTensors(rows);
}

at::Tensor Loss(const LanguageModel& model, const TensorBatch& in_memory) {
  const TensorBatch batch = On(model.device(), in_memory);
  const at::Tensor logits = LogitsWhere(model, batch);
  at::Tensor loss = at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::None);
  if (batch.soft_place.defined()) loss = Softened(logits, loss, batch);
  return (loss * batch.weights).sum();
}

Judged Judge(const LanguageModel& model, const TensorBatch& in_memory) {
  const TensorBatch batch = On(model.device(), in_memory);
  const at::NoGradGuard no_grad;
  const at::Tensor logits = LogitsWhere(model, batch);
  const at::Tensor loss = at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::None);
  Judged judged{
      .would_write = std::vector<bool>(static_cast<size_t>(batch.rows.tokens.size(0)), true),
      .loss = (loss * batch.weights).sum().item<double>()};
  const at::Tensor wrong = logits.argmax(-1).ne(batch.targets);
  const at::Tensor places = batch.where.masked_select(wrong).cpu().contiguous();
  const int64_t time = batch.rows.tokens.size(1);
  for (int64_t i = 0; i < places.numel(); ++i) {
    judged.would_write[static_cast<size_t>(places.data_ptr<int64_t>()[i] / time)] = false;
  }
  return judged;
}

}  // namespace understudy::nn
