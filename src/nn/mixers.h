// What mixes information along time in a layer: attention, or Mamba2's state space. Rows of a batch
// may hold several sequences one after the other; `segments` tells them apart, and nothing passes
// from one to the next. Sequences that begin alike may share their beginning, the trunk: it lies in
// the row once, and what differs follows as branches, each of which goes on from the trunk's end.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/linear.h"
#include "nn/model_config.h"

namespace understudy::nn {

// One sequence of a batch, where its rows lie one after the other.
struct Run {
  int64_t begin = 0, length = 0;
  bool padding = false;  // nobody looks at what comes of it
  int64_t trunk = -1;    // the run that it goes on from; -1: it begins a sequence
};

// Which token stands where: tensors [rows, time] int64.
struct Rows {
  at::Tensor tokens;
  at::Tensor segments;   // equal numbers, side by side: one sequence; below 0: padding
  at::Tensor positions;  // within its sequence, from 0
  at::Tensor previous;   // as ssd.h says; LookBack makes it of the segments where it is undefined
  std::vector<Run> runs;
  at::Tensor ahead;  // [longest, longest] f32 of the longest sequence: -inf for what is yet to
                     // come, else 0
};

// Fills rows.runs, rows.previous and rows.ahead: a token sees itself and what came before it in its
// own sequence. A trunk has no trunk itself.
void LookBack(Rows& rows);

class Mixer {
 public:
  virtual ~Mixer() = default;
  // x [rows, time, width] -> the same shape.
  virtual at::Tensor operator()(const at::Tensor& x, const Rows& rows) const = 0;
  virtual void AddLinears(std::vector<Linear*>& linears) = 0;
};

// Grouped-query attention (arXiv 2305.13245); query head h uses key head h / (heads / kv_heads).
// Each sequence attends by itself: work and memory grow with the squares of the sequences' lengths,
// not with the square of the row's.
struct AttentionParts {
  Linear q, k, v, output;
  at::Tensor q_norm, k_norm;  // RMS norms of each head (qwen3), or undefined
  bool neox = false;          // how rotary pairs lie in a head
};

class Attention : public Mixer {
 public:
  Attention(const ModelConfig& config, int64_t kv_heads, AttentionParts parts);
  at::Tensor operator()(const at::Tensor& x, const Rows& rows) const override;
  void AddLinears(std::vector<Linear*>& linears) override;

 private:
  std::vector<at::Tensor> Heads(const at::Tensor& projected, const at::Tensor& norm,
                                const Rows& rows) const;
  at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                    const Rows& rows) const;
  AttentionParts parts_;
  int64_t heads_, kv_heads_, head_size_, rotary_;
  double base_, scale_, epsilon_;
};

// Mamba2 (arXiv 2405.21060): in_proj to z, x, B, C and the time step; a short causal convolution;
// the state-space scan (ssd.h); an RMS norm of each group of silu(z) * y; out_proj.
struct Mamba2Parts {
  Linear in, out;
  at::Tensor conv_weight;  // [channels, kernel]
  at::Tensor conv_bias;    // [channels]
  at::Tensor step_bias;    // [heads]
  at::Tensor decay;        // [heads], negative
  at::Tensor skip;         // [heads]
  at::Tensor norm;         // [groups, inner / groups]
};

class Mamba2 : public Mixer {
 public:
  Mamba2(const ModelConfig& config, Mamba2Parts parts);
  at::Tensor operator()(const at::Tensor& x, const Rows& rows) const override;
  void AddLinears(std::vector<Linear*>& linears) override;

 private:
  Mamba2Parts parts_;
  SsmConfig ssm_;
  double epsilon_;
};

}  // namespace understudy::nn
