// Pieces that several architectures make alike, from a source's tensors of one layer.
#pragma once

#include <string>

#include "nn/model.h"

namespace understudy::nn {

// "blk.3." + `name`
std::string LayerName(int64_t layer, std::string_view name);

// `prefix`.weight, and `prefix`.bias if the file has one or `bias` asks for it.
Result<Linear> MakeLinear(TensorSource& source, const std::string& prefix, int64_t out, int64_t in,
                          bool bias = false);
// attn_q, attn_k, attn_v, attn_output; `bias`: the first three have one.
Result<AttentionParts> MakeAttentionParts(const ModelConfig& config, TensorSource& source,
                                          int64_t layer, bool bias);
Result<Mamba2Parts> MakeMamba2Parts(const ModelConfig& config, TensorSource& source, int64_t layer);
// attn_norm
Result<at::Tensor> MakeMixerNorm(const ModelConfig& config, TensorSource& source, int64_t layer);
// ffn_norm, ffn_gate, ffn_up, ffn_down
Status AddMlp(const ModelConfig& config, TensorSource& source, int64_t index, Layer& layer);
// attn_norm, attention as `parts`, and the MLP: a whole transformer layer.
Result<Layer> MakeTransformerLayer(const ModelConfig& config, TensorSource& source, int64_t index,
                                   AttentionParts parts);

}  // namespace understudy::nn
