// qwen2 (arXiv 2407.10671): llama with biases on q, k and v, and rotary pairs half a head apart.
#include "nn/architectures/parts.h"

namespace understudy::nn {

Result<Layer> MakeQwen2Layer(const ModelConfig& config, TensorSource& source, int64_t layer) {
  TRY(AttentionParts parts, MakeAttentionParts(config, source, layer, true));
  parts.neox = true;
  return MakeTransformerLayer(config, source, layer, std::move(parts));
}

}  // namespace understudy::nn
