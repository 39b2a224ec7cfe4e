#include "nn/model_config.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

namespace understudy::nn {
namespace {

struct ArchitectureName {
  Architecture architecture;
  std::string_view name;
};

constexpr std::array<ArchitectureName, 5> kNames{{{Architecture::kLlama, "llama"},
                                                  {Architecture::kGraniteHybrid, "granitehybrid"},
                                                  {Architecture::kMamba2, "mamba2"},
                                                  {Architecture::kQwen2, "qwen2"},
                                                  {Architecture::kQwen3, "qwen3"}}};

// Looks keys up under the architecture's prefix and remembers the first that is missing.
class Keys {
 public:
  Keys(const GgufFile& file, std::string_view prefix) : file_(file), prefix_(prefix) {}

  std::string Full(std::string_view key) const { return fmt::format("{}.{}", prefix_, key); }

  int64_t Need(std::string_view key) {
    const auto value = file_.Unsigned(Full(key));
    if (!value && missing_.empty()) missing_ = Full(key);
    return static_cast<int64_t>(std::min<uint64_t>(value.value_or(0), int64_t{1} << 40));
  }
  std::optional<int64_t> Optional(std::string_view key) const {
    const auto value = file_.Unsigned(Full(key));
    if (!value) return std::nullopt;
    return static_cast<int64_t>(std::min<uint64_t>(*value, int64_t{1} << 40));
  }
  double Number(std::string_view key, double otherwise) const {
    return file_.Number(Full(key)).value_or(otherwise);
  }
  // One value for all layers, or an array of one a layer.
  std::vector<int64_t> PerLayer(std::string_view key, int64_t layers, int64_t otherwise) const {
    const GgufValue* value = file_.Find(Full(key));
    if (value != nullptr && value->type() == GgufType::kArray) return value->Integers();
    return std::vector<int64_t>(static_cast<size_t>(layers), Optional(key).value_or(otherwise));
  }
  const std::string& missing() const { return missing_; }

 private:
  const GgufFile& file_;
  std::string_view prefix_;
  std::string missing_;
};

std::optional<Architecture> FindArchitecture(std::string_view name) {
  for (const auto& entry : kNames) {
    if (entry.name == name) return entry.architecture;
  }
  return std::nullopt;
}

// What changes the computation and is not built here.
Status RefuseVariants(const GgufFile& file, const Keys& keys) {
  for (const std::string_view key : {"expert_count", "attention.sliding_window"}) {
    if (const auto value = keys.Optional(key); value.value_or(0) > 0) {
      return Fail(Unsupported(
          fmt::format("{} = {}: such models cannot be trained here", keys.Full(key), *value)));
    }
  }
  const auto scaling = file.Text(keys.Full("rope.scaling.type"));
  if (scaling && *scaling != "none") {
    return Fail(
        Unsupported(fmt::format("{} = \"{}\": scaled rotary positions cannot be trained here",
                                keys.Full("rope.scaling.type"), *scaling)));
  }
  if (file.FindTensor("rope_freqs.weight") != nullptr) {
    return Fail(Unsupported("rope_freqs.weight: scaled rotary positions cannot be trained here"));
  }
  return {};
}

void ReadAttention(Keys& keys, ModelConfig& config, int64_t layers) {
  config.feed_forward = keys.Need("feed_forward_length");
  config.heads = keys.Need("attention.head_count");
  config.kv_heads = keys.PerLayer("attention.head_count_kv", layers, config.heads);
  const int64_t even = config.heads > 0 ? config.width / config.heads : 0;
  config.head_size = keys.Optional("attention.key_length").value_or(even);
  config.rotary_size = keys.Optional("rope.dimension_count").value_or(config.head_size);
  config.rotary_base = keys.Number("rope.freq_base", 10000);
}

void ReadSsm(Keys& keys, ModelConfig& config) {
  config.ssm.conv_kernel = keys.Need("ssm.conv_kernel");
  config.ssm.inner = keys.Need("ssm.inner_size");
  config.ssm.state = keys.Need("ssm.state_size");
  config.ssm.heads = keys.Need("ssm.time_step_rank");
  config.ssm.groups = keys.Optional("ssm.group_count").value_or(1);
}

double OrOne(double value) {
  return value == 0 ? 1 : value;
}

void ReadGranite(const GgufFile& file, const Keys& keys, ModelConfig& config) {
  config.embedding_scale = OrOne(keys.Number("embedding_scale", 0));
  config.residual_scale = OrOne(keys.Number("residual_scale", 0));
  config.attention_scale = keys.Number("attention.scale", 0);
  config.logit_scale = OrOne(keys.Number("logit_scale", 0));
  config.rotary = file.Bool(keys.Full("rope.scaling.finetuned")).value_or(true);
}

int64_t CountVocabulary(const GgufFile& file, const Keys& keys) {
  const GgufTensor* embedding = file.FindTensor("token_embd.weight");
  if (embedding != nullptr && embedding->dimensions == 2) {
    return static_cast<int64_t>(embedding->shape[1]);
  }
  return keys.Optional("vocab_size").value_or(0);
}

bool Has(const ModelConfig& config, bool attention) {
  for (int64_t layer = 0; layer < config.layers(); ++layer) {
    if (config.attends(layer) == attention) return true;
  }
  return false;
}

Status Senseless(std::string_view what) {
  return Fail(InvalidInput(fmt::format("the model's sizes do not fit together: {}", what)));
}

Status CheckAttention(const ModelConfig& config) {
  if (config.heads < 1 || config.heads > 4096) return Senseless("attention.head_count");
  if (config.head_size < 2 || config.head_size > 4096 || config.head_size % 2 != 0) {
    return Senseless("a head's size must be even, 2 to 4096");
  }
  if (config.rotary_size < 0 || config.rotary_size > config.head_size ||
      config.rotary_size % 2 != 0) {
    return Senseless("rope.dimension_count must be even and within a head");
  }
  for (const int64_t kv : config.kv_heads) {
    if (kv < 0 || (kv > 0 && config.heads % kv != 0)) {
      return Senseless("attention.head_count must be a multiple of attention.head_count_kv");
    }
  }
  return {};
}

Status CheckSsm(const SsmConfig& ssm) {
  if (ssm.conv_kernel < 2 || ssm.conv_kernel > 16)
    return Senseless("ssm.conv_kernel must be 2 to 16");
  if (ssm.inner < 1 || ssm.inner > 1 << 20) return Senseless("ssm.inner_size");
  if (ssm.state < 1 || ssm.state > 1024) return Senseless("ssm.state_size must be 1 to 1024");
  if (ssm.heads < 1 || ssm.inner % ssm.heads != 0) {
    return Senseless("ssm.inner_size must be a multiple of ssm.time_step_rank");
  }
  if (ssm.groups < 1 || ssm.heads % ssm.groups != 0 || ssm.inner % ssm.groups != 0) {
    return Senseless("ssm.time_step_rank must be a multiple of ssm.group_count");
  }
  return {};
}

}  // namespace

std::string_view Name(Architecture architecture) {
  for (const auto& entry : kNames) {
    if (entry.architecture == architecture) return entry.name;
  }
  return "unknown";
}

Result<ModelConfig> ReadModelConfig(const GgufFile& file) {
  const auto name = file.Text("general.architecture");
  if (!name) return Fail(InvalidInput("general.architecture is missing: not a model"));
  const auto architecture = FindArchitecture(*name);
  if (!architecture) {
    return Fail(
        Unsupported(fmt::format("architecture \"{}\" can be served but not trained; trained can be "
                                "llama, granitehybrid, mamba2, "
                                "qwen2 and qwen3",
                                *name)));
  }
  Keys keys(file, *name);
  TRY_VOID(RefuseVariants(file, keys));
  ModelConfig config;
  config.architecture = *architecture;
  const int64_t layers = keys.Need("block_count");
  if (layers < 1 || layers > 1024) return Fail(InvalidInput("block_count must be 1 to 1024"));
  config.width = keys.Need("embedding_length");
  config.context = keys.Need("context_length");
  config.norm_epsilon = keys.Number("attention.layer_norm_rms_epsilon", 1e-5);
  config.vocabulary = CountVocabulary(file, keys);
  if (*architecture == Architecture::kMamba2) {
    config.kv_heads.assign(static_cast<size_t>(layers), 0);
  } else {
    ReadAttention(keys, config, layers);
  }
  if (*architecture == Architecture::kMamba2 || *architecture == Architecture::kGraniteHybrid) {
    ReadSsm(keys, config);
  }
  if (*architecture == Architecture::kGraniteHybrid) ReadGranite(file, keys, config);
  if (!keys.missing().empty()) {
    return Fail(InvalidInput(fmt::format("{} is missing or no count", keys.missing())));
  }
  if (config.layers() != layers) {
    return Fail(InvalidInput(fmt::format("attention.head_count_kv has {} entries for {} layers",
                                         config.layers(), layers)));
  }
  TRY_VOID(CheckModelConfig(config));
  return config;
}

Status CheckModelConfig(const ModelConfig& config) {
  if (config.width < 1 || config.width > 1 << 20) return Senseless("embedding_length");
  if (config.vocabulary < 2 || config.vocabulary > 1 << 24)
    return Senseless("the vocabulary's size");
  if (config.context < 1) return Senseless("context_length");
  if (config.layers() < 1 || config.layers() > 1024) return Senseless("block_count");
  if (config.feed_forward < 0 || config.feed_forward > 1 << 24)
    return Senseless("feed_forward_length");
  if (!(config.norm_epsilon > 0) || config.norm_epsilon > 1)
    return Senseless("layer_norm_rms_epsilon");
  if (Has(config, true)) TRY_VOID(CheckAttention(config));
  if (Has(config, false)) {
    if (config.architecture != Architecture::kMamba2 &&
        config.architecture != Architecture::kGraniteHybrid) {
      return Senseless(
          "attention.head_count_kv is 0, but this architecture has no state-space layers");
    }
    TRY_VOID(CheckSsm(config.ssm));
  }
  return {};
}

namespace {

void WriteAttention(const ModelConfig& config, const auto& key, GgufWriter& writer) {
  const auto set = [&](std::string_view name, int64_t value) {
    writer.Set(key(name), static_cast<uint32_t>(value));
  };
  set("feed_forward_length", config.feed_forward);
  set("attention.head_count", config.heads);
  set("attention.key_length", config.head_size);
  set("attention.value_length", config.head_size);
  set("rope.dimension_count", config.rotary_size);
  writer.Set(key("rope.freq_base"), static_cast<float>(config.rotary_base));
  if (config.architecture == Architecture::kGraniteHybrid) {
    const std::vector<int32_t> kv(config.kv_heads.begin(), config.kv_heads.end());
    writer.Set(key("attention.head_count_kv"), std::span<const int32_t>(kv));
  } else {
    set("attention.head_count_kv", config.kv_heads.front());
  }
}

void WriteSsm(const SsmConfig& ssm, const auto& key, GgufWriter& writer) {
  writer.Set(key("ssm.conv_kernel"), static_cast<uint32_t>(ssm.conv_kernel));
  writer.Set(key("ssm.inner_size"), static_cast<uint32_t>(ssm.inner));
  writer.Set(key("ssm.state_size"), static_cast<uint32_t>(ssm.state));
  writer.Set(key("ssm.time_step_rank"), static_cast<uint32_t>(ssm.heads));
  writer.Set(key("ssm.group_count"), static_cast<uint32_t>(ssm.groups));
}

void WriteGranite(const ModelConfig& config, const auto& key, GgufWriter& writer) {
  const auto set = [&](std::string_view name, double value, double neutral) {
    if (value != neutral) writer.Set(key(name), static_cast<float>(value));
  };
  set("embedding_scale", config.embedding_scale, 1);
  set("residual_scale", config.residual_scale, 1);
  set("attention.scale", config.attention_scale, 0);
  set("logit_scale", config.logit_scale, 1);
  writer.Set(key("rope.scaling.finetuned"), config.rotary);
}

}  // namespace

void WriteModelConfig(const ModelConfig& config, GgufWriter& writer) {
  const auto key = [&](std::string_view name) {
    return fmt::format("{}.{}", Name(config.architecture), name);
  };
  writer.Set("general.architecture", Name(config.architecture));
  writer.Set(key("block_count"), static_cast<uint32_t>(config.layers()));
  writer.Set(key("context_length"), static_cast<uint32_t>(config.context));
  writer.Set(key("embedding_length"), static_cast<uint32_t>(config.width));
  writer.Set(key("vocab_size"), static_cast<uint32_t>(config.vocabulary));
  writer.Set(key("attention.layer_norm_rms_epsilon"), static_cast<float>(config.norm_epsilon));
  if (config.architecture == Architecture::kMamba2) {
    writer.Set(key("feed_forward_length"), uint32_t{0});
    writer.Set(key("attention.head_count"), uint32_t{0});
  } else {
    WriteAttention(config, key, writer);
  }
  if (config.ssm.inner > 0) WriteSsm(config.ssm, key, writer);
  if (config.architecture == Architecture::kGraniteHybrid) WriteGranite(config, key, writer);
}

}  // namespace understudy::nn
