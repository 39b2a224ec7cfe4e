#include "nn/small_models.h"

#include <ATen/CPUGeneratorImpl.h>

#include <ostream>
#include <stdexcept>

#include "dataset/pack.h"
#include "nn/model_file.h"
#include "tokens/chat_template.h"
#include "tokens/learn_vocabulary.h"

namespace understudy::nn {
namespace {

constexpr double kLouder = 6;  // matrices, against a fresh model's
constexpr double kUneven = 0.3;

template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().ToString());
  return *std::move(result);
}
void Must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().ToString());
}

ModelConfig Sizes(Architecture architecture, std::vector<int64_t> kv_heads) {
  ModelConfig config{.architecture = architecture,
                     .vocabulary = static_cast<int64_t>(BytesAndSpecials().tokens.size()),
                     .context = 512,
                     .width = 64,
                     .feed_forward = 96,
                     .heads = 4,
                     .head_size = 16,
                     .kv_heads = std::move(kv_heads),
                     .rotary_size = 16};
  if (architecture == Architecture::kMamba2) config.feed_forward = config.heads = 0;
  return config;
}

ModelConfig WithSsm(ModelConfig config, int64_t groups) {
  config.ssm = {.conv_kernel = 4, .inner = 128, .state = 16, .heads = 8, .groups = groups};
  return config;
}

ModelConfig WithMultipliers(ModelConfig config) {
  config.embedding_scale = 3;
  config.residual_scale = 0.4;
  config.attention_scale = 0.17;
  config.logit_scale = 1.7;
  return config;
}

std::vector<Variant> MakeVariants() {
  using enum Architecture;
  ModelConfig wide_heads = Sizes(kLlama, {2, 2});
  wide_heads.head_size = wide_heads.rotary_size = 24;
  wide_heads.rotary_base = 50000;
  ModelConfig no_positions = WithMultipliers(WithSsm(Sizes(kGraniteHybrid, {0, 2, 0}), 2));
  no_positions.rotary = false;
  return {
      {"llama", Sizes(kLlama, {4, 4})},
      {"llama_untied_wide_heads", wide_heads, true},
      {"granitehybrid_rotary", WithSsm(Sizes(kGraniteHybrid, {0, 2, 0}), 1), true},
      {"granitehybrid", no_positions},
      {"mamba2", WithSsm(Sizes(kMamba2, {0, 0}), 1)},
      {"mamba2_untied_groups", WithSsm(Sizes(kMamba2, {0, 0}), 2), true},
      {"qwen2", Sizes(kQwen2, {2, 2})},
      {"qwen3_untied", Sizes(kQwen3, {2, 2}), true},
  };
}

class VariantSource : public SeedSource {
 public:
  VariantSource(uint64_t seed, const Variant& variant)
      : SeedSource(seed, variant.config.layers()), untied_(variant.untied) {}
  bool Has(const std::string& name) const override { return untied_ && name == "output.weight"; }

 private:
  bool untied_;
};

void Enliven(const std::vector<Parameter>& parameters, uint64_t seed) {
  const at::NoGradGuard no_grad;
  at::Generator random = at::detail::createCPUGenerator(seed + 1);
  for (const Parameter& parameter : parameters) {
    at::Tensor value = parameter.value;
    if (parameter.matrix) {
      value.mul_(kLouder);
    } else if (!parameter.name.ends_with("ssm_a")) {  // which is below zero
      value.add_(at::empty_like(value).normal_(0, kUneven, random));
    }
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Variant& variant) {
  return out << variant.name;
}

const std::vector<Variant>& AllVariants() {
  static const std::vector<Variant> variants = MakeVariants();
  return variants;
}

const Variant& VariantNamed(std::string_view name) {
  for (const Variant& variant : AllVariants()) {
    if (variant.name == name) return variant;
  }
  throw std::runtime_error(std::string(name) + " is no variant");
}

SmallModel MakeSmall(const Variant& variant, uint64_t seed) {
  VariantSource source(seed, variant);
  SmallModel small;
  small.model = Must(LanguageModel::Make(variant.config, source));
  small.parameters = std::move(source.parameters());
  Enliven(small.parameters, seed);
  return small;
}

void WriteSmall(const Variant& variant, const SmallModel& small, TensorType matrices,
                const std::filesystem::path& path) {
  GgufWriter writer;
  WriteModelConfig(variant.config, writer);
  writer.Set("general.type", "model");
  writer.Set("general.name", variant.name);
  WriteVocabulary(BytesAndSpecials(), writer);
  writer.Set("tokenizer.chat_template", kChatTemplate);
  const ModelTensors tensors = Must(ModelTensors::Encode(small.parameters, matrices));
  tensors.AddTo(writer);
  Must(writer.Write(path));
}

Rows RowOf(std::span<const int32_t> tokens) {
  const auto count = static_cast<int64_t>(tokens.size());
  Rows rows;
  rows.tokens = at::tensor(std::vector<int64_t>(tokens.begin(), tokens.end())).unsqueeze(0);
  rows.segments = at::zeros({1, count}, at::kLong);
  rows.positions = at::arange(count, at::kLong).unsqueeze(0);
  LookBack(rows);
  return rows;
}

std::vector<int32_t> RandomTokens(uint64_t seed, size_t count) {
  SplitMix random(seed);
  std::vector<int32_t> tokens;
  while (tokens.size() < count) tokens.push_back(static_cast<int32_t>('a' + random.Below(26)));
  return tokens;
}

double Apart(const at::Tensor& a, const at::Tensor& b) {
  return (a.detach() - b.detach()).abs().max().item<double>();
}

}  // namespace understudy::nn
