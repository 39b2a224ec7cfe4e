#include "nn/model.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/kernels.h"
#include "nn/recompute.h"

namespace understudy::nn {
namespace {

Result<Layer> MakeLayer(const ModelConfig& config, TensorSource& source, int64_t layer) {
  switch (config.architecture) {
    case Architecture::kLlama: return MakeLlamaLayer(config, source, layer);
    case Architecture::kGraniteHybrid: return MakeGraniteHybridLayer(config, source, layer);
    case Architecture::kMamba2: return MakeMamba2Layer(config, source, layer);
    case Architecture::kQwen2: return MakeQwen2Layer(config, source, layer);
    case Architecture::kQwen3: return MakeQwen3Layer(config, source, layer);
  }
  return Fail(InternalError("an architecture without layers"));
}

}  // namespace

at::Tensor Mlp::operator()(const at::Tensor& x) const {
  return down(SwiGlu(gate(x), up(x)));
}

Result<std::unique_ptr<LanguageModel>> LanguageModel::Make(const ModelConfig& config,
                                                           TensorSource& source) {
  auto model = std::make_unique<LanguageModel>();
  model->config_ = config;
  TRY(model->embedding_, source.GetMatrix("token_embd.weight", config.vocabulary, config.width));
  for (int64_t i = 0; i < config.layers(); ++i) {
    TRY(Layer layer, MakeLayer(config, source, i));
    model->layers_.push_back(std::move(layer));
  }
  TRY(model->norm_,
      source.GetVector("output_norm.weight", {config.width}, TensorSource::Start::kOnes));
  if (source.Has("output.weight")) {
    TRY(Matrix output, source.GetMatrix("output.weight", config.vocabulary, config.width));
    model->output_.emplace("output", std::move(output));
  }
  for (Layer& layer : model->layers_) {
    layer.mixer->AddLinears(model->linears_);
    if (layer.mlp) {
      model->linears_.insert(model->linears_.end(),
                             {&layer.mlp->gate, &layer.mlp->up, &layer.mlp->down});
    }
  }
  return model;
}

at::Tensor LanguageModel::RunLayer(const Layer& layer, const at::Tensor& h,
                                   const Rows& rows) const {
  const double scale = config_.residual_scale, epsilon = config_.norm_epsilon;
  at::Tensor sum = at::add(h, (*layer.mixer)(RmsNorm(h, layer.mixer_norm, epsilon), rows), scale);
  if (layer.mlp) {
    sum = at::add(sum, (*layer.mlp)(RmsNorm(sum, layer.mlp_norm, epsilon)), scale);
  }
  return sum;
}

at::Tensor LanguageModel::Hidden(const Rows& rows) const {
  at::Tensor h = embedding_.Rows(rows.tokens);
  if (config_.embedding_scale != 1) h = h * config_.embedding_scale;
  const auto held = std::make_shared<const Rows>(rows);  // a layer may run again on the way back
  for (const Layer& layer : layers_) {
    const auto run = [this, &layer, held](const at::Tensor& x) {
      return RunLayer(layer, x, *held);
    };
    h = checkpointing_ ? Recomputed(run, h) : run(h);
  }
  return RmsNorm(h, norm_, config_.norm_epsilon);
}

at::Tensor LanguageModel::Logits(const at::Tensor& hidden) const {
  const at::Tensor flat = hidden.reshape({-1, config_.width});
  at::Tensor logits = output_ ? (*output_)(flat) : Product(flat, embedding_, product_type_);
  if (config_.logit_scale != 1) logits = logits / config_.logit_scale;
  auto shape = hidden.sizes().vec();
  shape.back() = config_.vocabulary;
  return logits.view(shape);
}

void LanguageModel::set_product_type(at::ScalarType type) {
  product_type_ = type;
  for (Linear* linear : linears_) linear->set_product_type(type);
  if (output_) output_->set_product_type(type);
}

}  // namespace understudy::nn
