#include "nn/mixers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "nn/kernels.h"
#include "nn/ssd.h"

namespace understudy::nn {
namespace {

// [rows, time, heads, size] -> [heads, length, size] of every run.
std::vector<at::Tensor> OfRuns(const at::Tensor& x, const Rows& rows) {
  std::vector<int64_t> lengths;
  for (const Run& run : rows.runs) lengths.push_back(run.length);
  auto runs = x.reshape({-1, x.size(2), x.size(3)}).split_with_sizes(lengths, 0);
  for (at::Tensor& run : runs) run = run.transpose(0, 1);
  return runs;
}

}  // namespace

void LookBack(Rows& rows) {
  const at::Tensor segments = rows.segments.cpu().contiguous();
  if (!rows.previous.defined()) rows.previous = PreviousOf(segments);
  const auto* ids = segments.data_ptr<int64_t>();
  const auto* previous = rows.previous.data_ptr<int64_t>();
  const int64_t time = segments.size(1), count = segments.numel();
  std::vector<bool> forks(static_cast<size_t>(count));  // more than one token follows
  for (int64_t i = 0; i < count; ++i) {
    const bool leaps = previous[i] >= 0 && previous[i] != i % time - 1;
    if (leaps) forks[static_cast<size_t>(i - i % time + previous[i])] = true;
  }
  std::map<int64_t, int64_t> trunks;  // where one ends -> its run
  int64_t longest = 1;
  rows.runs.clear();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t before = previous[i] < 0 ? -1 : i - i % time + previous[i];
    const bool of_padding = before < 0 && ids[i] < 0 && i % time != 0 && ids[i - 1] < 0;
    const bool goes_on = before >= 0 && before == i - 1 && !forks[static_cast<size_t>(i - 1)];
    if (!goes_on && !of_padding) {
      rows.runs.push_back({i, 0, ids[i] < 0, before < 0 ? -1 : trunks.at(before)});
    }
    Run& run = rows.runs.back();
    ++run.length;
    if (forks[static_cast<size_t>(i)]) trunks[i] = static_cast<int64_t>(rows.runs.size()) - 1;
    if (run.padding) continue;
    const int64_t trunk = run.trunk < 0 ? 0 : rows.runs[static_cast<size_t>(run.trunk)].length;
    longest = std::max(longest, trunk + run.length);
  }
  rows.ahead = at::full({longest, longest}, -std::numeric_limits<float>::infinity(),
                        rows.segments.options().dtype(at::kFloat))
                   .triu_(1);
}

Attention::Attention(const ModelConfig& config, int64_t kv_heads, AttentionParts parts)
    : parts_(std::move(parts)),
      heads_(config.heads),
      kv_heads_(kv_heads),
      head_size_(config.head_size),
      rotary_(config.rotary ? config.rotary_size : 0),
      base_(config.rotary_base),
      scale_(config.attention_scale != 0 ? config.attention_scale
                                         : 1 / std::sqrt(static_cast<double>(config.head_size))),
      epsilon_(config.norm_epsilon) {}

// [rows, time, heads * size] -> normalised and turned, a tensor [heads, length, size] a run.
std::vector<at::Tensor> Attention::Heads(const at::Tensor& projected, const at::Tensor& norm,
                                         const Rows& rows) const {
  at::Tensor x = projected.view({projected.size(0), projected.size(1), -1, head_size_});
  if (norm.defined()) x = RmsNorm(x, norm, epsilon_);
  return OfRuns(Rotate(x, rows.positions, rotary_, base_, parts_.neox), rows);
}

// q [heads, length, size] of one run, k and v [kv heads, all, size] of its sequence up to its end,
// what comes before the run included -> [length, heads * size].
at::Tensor Attention::Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const Rows& rows) const {
  const int64_t length = q.size(1), all = k.size(1), share = heads_ / kv_heads_;
  const at::Tensor ahead = rows.ahead.narrow(0, all - length, length).narrow(1, 0, all);
  const at::Tensor scores =
      at::bmm((q * scale_).reshape({kv_heads_, share * length, head_size_}), k.transpose(1, 2))
          .view({heads_, length, all}) +
      ahead;
  const at::Tensor weights = at::softmax(scores, -1).view({kv_heads_, share * length, all});
  return at::bmm(weights, v)
      .view({heads_, length, head_size_})
      .transpose(0, 1)
      .reshape({length, heads_ * head_size_});
}

at::Tensor Attention::operator()(const at::Tensor& x, const Rows& rows) const {
  const auto q = Heads(parts_.q(x), parts_.q_norm, rows);
  const auto k = Heads(parts_.k(x), parts_.k_norm, rows);
  const auto v = OfRuns(parts_.v(x).view({x.size(0), x.size(1), kv_heads_, head_size_}), rows);
  const auto whole = [&](const std::vector<at::Tensor>& runs, size_t i) {
    const int64_t trunk = rows.runs[i].trunk;
    return trunk < 0 ? runs[i] : at::cat({runs[static_cast<size_t>(trunk)], runs[i]}, 1);
  };
  std::vector<at::Tensor> mixed;
  for (size_t i = 0; i < rows.runs.size(); ++i) {
    mixed.push_back(rows.runs[i].padding
                        ? at::zeros({rows.runs[i].length, heads_ * head_size_}, x.options())
                        : Attend(q[i], whole(k, i), whole(v, i), rows));
  }
  return parts_.output(at::cat(mixed).view({x.size(0), x.size(1), heads_ * head_size_}));
}

void Attention::AddLinears(std::vector<Linear*>& linears) {
  linears.insert(linears.end(), {&parts_.q, &parts_.k, &parts_.v, &parts_.output});
}

Mamba2::Mamba2(const ModelConfig& config, Mamba2Parts parts)
    : parts_(std::move(parts)), ssm_(config.ssm), epsilon_(config.norm_epsilon) {}

at::Tensor Mamba2::operator()(const at::Tensor& x, const Rows& rows) const {
  const int64_t batch = x.size(0), time = x.size(1);
  const int64_t size = ssm_.inner / ssm_.heads, bc = ssm_.groups * ssm_.state;
  const auto in = parts_.in(x).split_with_sizes({ssm_.inner, ssm_.conv_channels(), ssm_.heads}, -1);
  const auto mixed =
      CausalConvSilu(in[1], parts_.conv_weight, parts_.conv_bias, rows.segments, rows.previous)
          .split_with_sizes({ssm_.inner, bc, bc}, -1);
  const at::Tensor step = at::softplus(in[2] + parts_.step_bias);
  const at::Tensor u = mixed[0].reshape({batch, time, ssm_.heads, size});
  at::Tensor y = StateSpaceScan({.x = u,
                                 .step = step,
                                 .decay = parts_.decay,
                                 .b = mixed[1].reshape({batch, time, ssm_.groups, ssm_.state}),
                                 .c = mixed[2].reshape({batch, time, ssm_.groups, ssm_.state}),
                                 .segments = rows.segments,
                                 .previous = rows.previous});
  y = y + u * parts_.skip.view({ssm_.heads, 1});
  // A scan of one chunk gives heads in front, seen otherwise: no view flattens those.
  y = SwiGlu(in[0], y.reshape({batch, time, ssm_.inner}));
  const at::Tensor ones = at::ones({ssm_.inner / ssm_.groups}, x.options());
  y = RmsNorm(y.view({batch, time, ssm_.groups, -1}), ones, epsilon_)
          .view({batch, time, ssm_.inner});
  return parts_.out(y * parts_.norm.view({ssm_.inner}));
}

void Mamba2::AddLinears(std::vector<Linear*>& linears) {
  linears.insert(linears.end(), {&parts_.in, &parts_.out});
}

}  // namespace understudy::nn
