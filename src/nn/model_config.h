// What a model is made of: the sizes of one of the architectures that can be trained here, read
// from a GGUF file's metadata or written to it. Key names and their meaning are llama.cpp's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace understudy::nn {

enum class Architecture { kLlama, kGraniteHybrid, kMamba2, kQwen2, kQwen3 };

// As in `general.architecture`; also the prefix of the model's keys.
std::string_view Name(Architecture architecture);

// A Mamba2 mixer: `inner` channels in heads of inner / heads, `groups` sets of B and C of `state`
// numbers.
struct SsmConfig {
  int64_t conv_kernel = 4;
  int64_t inner = 0;
  int64_t state = 0;
  int64_t heads = 0;
  int64_t groups = 1;
  int64_t conv_channels() const { return inner + 2 * groups * state; }
  int64_t in_rows() const { return inner + conv_channels() + heads; }  // z, x, B, C, dt
};

struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  int64_t vocabulary = 0;
  int64_t context = 0;
  int64_t width = 0;
  int64_t feed_forward = 0;  // 0: layers have no MLP (mamba2)
  int64_t heads = 0;
  int64_t head_size = 0;
  std::vector<int64_t> kv_heads;  // one a layer; 0: the layer's mixer is Mamba2
  bool rotary = true;             // false: attention has no positions at all
  int64_t rotary_size = 0;        // leading numbers of a head that turn
  double rotary_base = 10000;
  double norm_epsilon = 1e-5;
  SsmConfig ssm;
  // Granite's multipliers; 0 in a file means 1 (for attention: 1 / sqrt(head_size)).
  double embedding_scale = 1;
  double residual_scale = 1;
  double attention_scale = 0;
  double logit_scale = 1;  // logits are divided by it

  int64_t layers() const { return static_cast<int64_t>(kv_heads.size()); }
  bool attends(int64_t layer) const { return kv_heads[static_cast<size_t>(layer)] > 0; }
};

// Fails with kUnsupported for an architecture that cannot be trained (naming those that can) and
// for variants of one that compute something else (experts, scaled rotation); with kInvalidInput
// for missing or senseless sizes. Both name the key.
Result<ModelConfig> ReadModelConfig(const GgufFile& file);

// The keys that ReadModelConfig and llama.cpp need, without the tokenizer's.
void WriteModelConfig(const ModelConfig& config, GgufWriter& writer);

// Checks a config made by hand (a recipe's). kInvalidInput says what does not fit what.
Status CheckModelConfig(const ModelConfig& config);

}  // namespace understudy::nn
