#include "nn/architectures/parts.h"

#include <fmt/format.h>

namespace understudy::nn {

using Start = TensorSource::Start;

std::string LayerName(int64_t layer, std::string_view name) {
  return fmt::format("blk.{}.{}", layer, name);
}

Result<Linear> MakeLinear(TensorSource& source, const std::string& prefix, int64_t out, int64_t in,
                          bool bias) {
  TRY(Matrix weight, source.GetMatrix(prefix + ".weight", out, in));
  at::Tensor added;
  if (bias || source.Has(prefix + ".bias")) {
    TRY(added, source.GetVector(prefix + ".bias", {out}, Start::kZeros));
  }
  return Linear(prefix, std::move(weight), std::move(added));
}

Result<AttentionParts> MakeAttentionParts(const ModelConfig& config, TensorSource& source,
                                          int64_t layer, bool bias) {
  const int64_t queries = config.heads * config.head_size;
  const int64_t keys = config.kv_heads[static_cast<size_t>(layer)] * config.head_size;
  AttentionParts parts;
  TRY(parts.q, MakeLinear(source, LayerName(layer, "attn_q"), queries, config.width, bias));
  TRY(parts.k, MakeLinear(source, LayerName(layer, "attn_k"), keys, config.width, bias));
  TRY(parts.v, MakeLinear(source, LayerName(layer, "attn_v"), keys, config.width, bias));
  TRY(parts.output, MakeLinear(source, LayerName(layer, "attn_output"), config.width, queries));
  return parts;
}

Result<Mamba2Parts> MakeMamba2Parts(const ModelConfig& config, TensorSource& source,
                                    int64_t layer) {
  const SsmConfig& ssm = config.ssm;
  const auto vector = [&](std::string_view name, at::IntArrayRef shape, Start start) {
    return source.GetVector(LayerName(layer, name), shape, start);
  };
  Mamba2Parts parts;
  TRY(parts.in, MakeLinear(source, LayerName(layer, "ssm_in"), ssm.in_rows(), config.width));
  TRY(parts.conv_weight,
      vector("ssm_conv1d.weight", {ssm.conv_channels(), ssm.conv_kernel}, Start::kConv));
  TRY(parts.conv_bias, vector("ssm_conv1d.bias", {ssm.conv_channels()}, Start::kZeros));
  TRY(parts.step_bias, vector("ssm_dt.bias", {ssm.heads}, Start::kTimeStep));
  TRY(parts.decay, vector("ssm_a", {ssm.heads}, Start::kDecay));
  TRY(parts.skip, vector("ssm_d", {ssm.heads}, Start::kOnes));
  TRY(parts.norm, vector("ssm_norm.weight", {ssm.groups, ssm.inner / ssm.groups}, Start::kOnes));
  TRY(parts.out, MakeLinear(source, LayerName(layer, "ssm_out"), config.width, ssm.inner));
  return parts;
}

Result<at::Tensor> MakeMixerNorm(const ModelConfig& config, TensorSource& source, int64_t layer) {
  return source.GetVector(LayerName(layer, "attn_norm.weight"), {config.width}, Start::kOnes);
}

Status AddMlp(const ModelConfig& config, TensorSource& source, int64_t index, Layer& layer) {
  const int64_t wide = config.feed_forward, width = config.width;
  TRY(layer.mlp_norm, source.GetVector(LayerName(index, "ffn_norm.weight"), {width}, Start::kOnes));
  Mlp mlp;
  TRY(mlp.gate, MakeLinear(source, LayerName(index, "ffn_gate"), wide, width));
  TRY(mlp.up, MakeLinear(source, LayerName(index, "ffn_up"), wide, width));
  TRY(mlp.down, MakeLinear(source, LayerName(index, "ffn_down"), width, wide));
  layer.mlp = std::move(mlp);
  return {};
}

Result<Layer> MakeTransformerLayer(const ModelConfig& config, TensorSource& source, int64_t index,
                                   AttentionParts parts) {
  Layer layer;
  TRY(layer.mixer_norm, MakeMixerNorm(config, source, index));
  layer.mixer = std::make_unique<Attention>(config, config.kv_heads[static_cast<size_t>(index)],
                                            std::move(parts));
  TRY_VOID(AddMlp(config, source, index, layer));
  return layer;
}

}  // namespace understudy::nn
