// A language model made of layers, each a mixer (attention or Mamba2) and mostly an MLP:
//
//   h = embedding[tokens] * embedding_scale
//   for each layer:  h += residual_scale * mixer(norm(h));  h += residual_scale * mlp(norm(h))
//   logits = output(norm(h)) / logit_scale
//
// All architectures share this; what is particular to one stands in its file in architectures/.
// Tensors are f32 between the products, and all on one device, that of the model's source. A model
// is used by one thread at a time.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "nn/linear.h"
#include "nn/mixers.h"
#include "nn/model_config.h"
#include "nn/tensors.h"

namespace understudy::nn {

struct Mlp {
  Linear gate, up, down;
  at::Tensor operator()(const at::Tensor& x) const;
};

struct Layer {
  at::Tensor mixer_norm;
  std::unique_ptr<Mixer> mixer;
  at::Tensor mlp_norm;
  std::optional<Mlp> mlp;
};

class LanguageModel {
 public:
  // Tensors come from `source`, which decides whether they are trained.
  static Result<std::unique_ptr<LanguageModel>> Make(const ModelConfig& config,
                                                     TensorSource& source);

  // [rows, time, width] after the last norm. `rows` as PrepareRows gives them.
  at::Tensor Hidden(const Rows& rows) const;
  // hidden [..., width] -> logits [..., vocabulary]
  at::Tensor Logits(const at::Tensor& hidden) const;

  // The precision of products: kFloat or kBFloat16.
  void set_product_type(at::ScalarType type);
  // Layers are computed again on the way back instead of being remembered: a layer's memory instead
  // of all layers', for a third more time.
  void set_checkpointing(bool on) { checkpointing_ = on; }

  const ModelConfig& config() const { return config_; }
  at::Device device() const { return embedding_.values().device(); }
  // Every matrix that LoRA can act on, named as in GGUF ("blk.0.attn_q"), in file order.
  const std::vector<Linear*>& linears() const { return linears_; }

 private:
  at::Tensor RunLayer(const Layer& layer, const at::Tensor& h, const Rows& rows) const;

  ModelConfig config_;
  Matrix embedding_;
  std::vector<Layer> layers_;
  at::Tensor norm_;
  std::optional<Linear> output_;  // nothing: tied to the embedding
  at::ScalarType product_type_ = at::kFloat;
  bool checkpointing_ = false;
  std::vector<Linear*> linears_;
};

// ---- one file each in architectures/; `blk` is the layer's prefix, "blk.3"
Result<Layer> MakeLlamaLayer(const ModelConfig&, TensorSource&, int64_t layer);
Result<Layer> MakeGraniteHybridLayer(const ModelConfig&, TensorSource&, int64_t layer);
Result<Layer> MakeMamba2Layer(const ModelConfig&, TensorSource&, int64_t layer);
Result<Layer> MakeQwen2Layer(const ModelConfig&, TensorSource&, int64_t layer);
Result<Layer> MakeQwen3Layer(const ModelConfig&, TensorSource&, int64_t layer);

}  // namespace understudy::nn
