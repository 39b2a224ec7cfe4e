// granitehybrid (IBM Granite 4): layers with kv heads attend, the others are Mamba2; each has an
// MLP. Granite's multipliers and the switch for rotary positions are in the config.
#include "nn/architectures/parts.h"

namespace understudy::nn {

Result<Layer> MakeGraniteHybridLayer(const ModelConfig& config, TensorSource& source,
                                     int64_t index) {
  if (config.attends(index)) {
    TRY(AttentionParts parts, MakeAttentionParts(config, source, index, false));
    return MakeTransformerLayer(config, source, index, std::move(parts));
  }
  Layer layer;
  TRY(layer.mixer_norm, MakeMixerNorm(config, source, index));
  TRY(Mamba2Parts parts, MakeMamba2Parts(config, source, index));
  layer.mixer = std::make_unique<Mamba2>(config, std::move(parts));
  TRY_VOID(AddMlp(config, source, index, layer));
  return layer;
}

}  // namespace understudy::nn
