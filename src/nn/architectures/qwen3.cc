// qwen3 (arXiv 2505.09388): no biases; every head of q and k is normalised before it is turned.
#include "nn/architectures/parts.h"

namespace understudy::nn {

Result<Layer> MakeQwen3Layer(const ModelConfig& config, TensorSource& source, int64_t layer) {
  TRY(AttentionParts parts, MakeAttentionParts(config, source, layer, false));
  parts.neox = true;
  using Start = TensorSource::Start;
  TRY(parts.q_norm,
      source.GetVector(LayerName(layer, "attn_q_norm.weight"), {config.head_size}, Start::kOnes));
  TRY(parts.k_norm,
      source.GetVector(LayerName(layer, "attn_k_norm.weight"), {config.head_size}, Start::kOnes));
  return MakeTransformerLayer(config, source, layer, std::move(parts));
}

}  // namespace understudy::nn
