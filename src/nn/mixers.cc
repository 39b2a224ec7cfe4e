#include "nn/mixers.h"

#include <cmath>
#include <limits>

#include "nn/kernels.h"
#include "nn/ssd.h"

namespace understudy::nn {

void LookBack(Rows& rows) {
  const int64_t time = rows.segments.size(1);
  const at::Tensor same = rows.segments.unsqueeze(2).eq(rows.segments.unsqueeze(1));
  const at::Tensor back = at::ones({time, time}, rows.segments.options().dtype(at::kBool)).tril();
  rows.hidden = at::zeros({same.size(0), 1, time, time}, rows.segments.options().dtype(at::kFloat))
                    .masked_fill_(same.logical_and(back).logical_not_().unsqueeze(1),
                                  -std::numeric_limits<float>::infinity());
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

// [rows, time, heads * size] -> [rows, heads, time, size], normalised and turned.
at::Tensor Attention::Heads(const at::Tensor& projected, const at::Tensor& norm,
                            const Rows& rows) const {
  at::Tensor x = projected.view({projected.size(0), projected.size(1), -1, head_size_});
  if (norm.defined()) x = RmsNorm(x, norm, epsilon_);
  return Rotate(x, rows.positions, rotary_, base_, parts_.neox).transpose(1, 2);
}

at::Tensor Attention::operator()(const at::Tensor& x, const Rows& rows) const {
  const int64_t batch = x.size(0), time = x.size(1);
  const at::Tensor q = Heads(parts_.q(x), parts_.q_norm, rows) * scale_;
  at::Tensor k = Heads(parts_.k(x), parts_.k_norm, rows);
  at::Tensor v = parts_.v(x).view({batch, time, kv_heads_, head_size_}).transpose(1, 2);
  if (kv_heads_ != heads_) {
    k = k.repeat_interleave(heads_ / kv_heads_, 1);
    v = v.repeat_interleave(heads_ / kv_heads_, 1);
  }
  const at::Tensor scores = at::matmul(q, k.transpose(2, 3)) + rows.hidden;
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), v);
  return parts_.output(mixed.transpose(1, 2).reshape({batch, time, heads_ * head_size_}));
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
  const auto mixed = CausalConvSilu(in[1], parts_.conv_weight, parts_.conv_bias, rows.segments)
                         .split_with_sizes({ssm_.inner, bc, bc}, -1);
  const at::Tensor step = at::softplus(in[2] + parts_.step_bias);
  const at::Tensor u = mixed[0].reshape({batch, time, ssm_.heads, size});
  at::Tensor y = StateSpaceScan({.x = u,
                                 .step = step,
                                 .decay = parts_.decay,
                                 .b = mixed[1].reshape({batch, time, ssm_.groups, ssm_.state}),
                                 .c = mixed[2].reshape({batch, time, ssm_.groups, ssm_.state}),
                                 .segments = rows.segments});
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
