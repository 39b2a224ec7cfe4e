// llama (arXiv 2302.13971): rotary pairs lie side by side, no biases. GGUF files made from Hugging
// Face checkpoints have their q and k rows permuted for it, so nothing is permuted here.
#include "nn/architectures/parts.h"

namespace understudy::nn {

Result<Layer> MakeLlamaLayer(const ModelConfig& config, TensorSource& source, int64_t layer) {
  TRY(AttentionParts parts, MakeAttentionParts(config, source, layer, false));
  return MakeTransformerLayer(config, source, layer, std::move(parts));
}

}  // namespace understudy::nn
