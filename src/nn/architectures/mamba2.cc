// mamba2 (arXiv 2405.21060): a norm and a mixer a layer, and no MLP.
#include "nn/architectures/parts.h"

namespace understudy::nn {

Result<Layer> MakeMamba2Layer(const ModelConfig& config, TensorSource& source, int64_t index) {
  Layer layer;
  TRY(layer.mixer_norm, MakeMixerNorm(config, source, index));
  TRY(Mamba2Parts parts, MakeMamba2Parts(config, source, index));
  layer.mixer = std::make_unique<Mamba2>(config, std::move(parts));
  return layer;
}

}  // namespace understudy::nn
