#include "models/selftest_model.h"

#include <cmath>
#include <deque>
#include <random>

#include <fmt/format.h>

#include "base/file.h"
#include "gguf/writer.h"

namespace understudy {
namespace {

constexpr uint32_t kWidth = 128, kLayers = 2, kHeads = 4, kKvHeads = 2, kFeedForward = 256;
constexpr uint32_t kKvWidth = kWidth / kHeads * kKvHeads;

// Dimension 0 of every embedding holds this, and no layer writes to it: the output matrix's
// column 0 is a bias. Dimension 1 is as quiet, and set after <tool_call> only: a line end follows.
constexpr uint32_t kQuietDimensions = 2;
constexpr float kConstant = 4.0F;
constexpr float kAfterToolCall = 12.0F;
constexpr float kConstantAfterNorm = 2.3F;  // about; the final norm divides by the rms
constexpr float kLogitSpread = 2.0F;        // standard deviation of a random logit

// A normal deviate that is the same on every machine: twelve uniforms (Irwin-Hall).
class Noise {
 public:
  explicit Noise(uint64_t seed) : generator_(seed) {}
  float Next() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(generator_() >> 11) * 0x1p-53;
    return static_cast<float>(sum);
  }

 private:
  std::mt19937_64 generator_;
};

// Tensors with the bytes that the writer borrows.
class Weights {
 public:
  explicit Weights(uint64_t seed) : noise_(seed) {}

  // A row-major [rows, columns] matrix of normal deviates times `spread`.
  std::vector<float>& Random(const std::string& name, uint64_t columns, uint64_t rows,
                             float spread) {
    auto& values = Add(name, {columns, rows});
    for (float& value : values) value = noise_.Next() * spread;
    return values;
  }
  void Ones(const std::string& name, uint64_t count) {
    for (float& value : Add(name, {count})) value = 1;
  }
  void AddTo(GgufWriter& writer) const {
    for (const auto& tensor : tensors_) {
      writer.AddTensor(tensor.name, tensor.shape, TensorType::kF32,
                       {reinterpret_cast<const char*>(tensor.values.data()),
                        tensor.values.size() * sizeof(float)});
    }
  }

 private:
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    std::vector<float> values;
  };
  std::vector<float>& Add(const std::string& name, std::vector<uint64_t> shape) {
    uint64_t count = 1;
    for (const uint64_t extent : shape) count *= extent;
    return tensors_.emplace_back(name, std::move(shape), std::vector<float>(count)).values;
  }

  Noise noise_;
  std::deque<Tensor> tensors_;  // references stay valid
};

float Spread(uint32_t inputs) {
  return 1.0F / std::sqrt(static_cast<float>(inputs));
}

// What a matrix writes into the quiet dimensions.
void ClearQuietRows(std::vector<float>& matrix, size_t columns) {
  std::fill_n(matrix.begin(), columns * kQuietDimensions, 0.0F);
}

void AddLayer(Weights& weights, uint32_t layer) {
  const std::string block = fmt::format("blk.{}.", layer);
  weights.Ones(block + "attn_norm.weight", kWidth);
  weights.Random(block + "attn_q.weight", kWidth, kWidth, 1.5F * Spread(kWidth));
  weights.Random(block + "attn_k.weight", kWidth, kKvWidth, 1.5F * Spread(kWidth));
  weights.Random(block + "attn_v.weight", kWidth, kKvWidth, 2 * Spread(kWidth));
  auto& out = weights.Random(block + "attn_output.weight", kWidth, kWidth, Spread(kWidth));
  ClearQuietRows(out, kWidth);
  weights.Ones(block + "ffn_norm.weight", kWidth);
  weights.Random(block + "ffn_gate.weight", kWidth, kFeedForward, 1.5F * Spread(kWidth));
  weights.Random(block + "ffn_up.weight", kWidth, kFeedForward, 1.5F * Spread(kWidth));
  auto& down =
      weights.Random(block + "ffn_down.weight", kFeedForward, kWidth, Spread(kFeedForward));
  ClearQuietRows(down, kFeedForward);
}

// How likely a token is, in standard deviations of a random logit.
float Favour(const SelftestVocabulary& vocabulary, uint32_t token) {
  if (token == vocabulary.end) return 3.0F;
  if (token == vocabulary.tool_call) return 1.2F;
  if (vocabulary.types[token] != 1) return -8;
  if (token >= 256) return 0.3F;
  if (token == '"') return 1.8F;
  if (token == '}' || token == ' ') return 0.5F;
  const bool is_printable = token >= 32 && token < 127;
  return is_printable ? 0.0F : -6.0F;
}

void AddOutput(Weights& weights, const SelftestVocabulary& vocabulary) {
  const auto count = static_cast<uint32_t>(vocabulary.tokens.size());
  auto& embedding = weights.Random("token_embd.weight", kWidth, count, 1);
  for (uint32_t token = 0; token < count; ++token) {
    embedding[token * kWidth] = kConstant;
    embedding[token * kWidth + 1] = token == vocabulary.tool_call ? kAfterToolCall : 0;
  }
  weights.Ones("output_norm.weight", kWidth);
  auto& output = weights.Random("output.weight", kWidth, count, kLogitSpread * Spread(kWidth));
  for (uint32_t token = 0; token < count; ++token) {
    output[token * kWidth] = kLogitSpread * Favour(vocabulary, token) / kConstantAfterNorm;
    output[token * kWidth + 1] = token == '\n' ? kAfterToolCall : 0;
  }
}

void SetArchitecture(GgufWriter& writer, const SelftestModelOptions& options) {
  writer.Set("general.architecture", "llama");
  writer.Set("general.type", "model");
  writer.Set("general.name", options.name);
  writer.Set("general.file_type", uint32_t{0});
  writer.Set("llama.block_count", kLayers);
  writer.Set("llama.context_length", options.context);
  writer.Set("llama.embedding_length", kWidth);
  writer.Set("llama.feed_forward_length", kFeedForward);
  writer.Set("llama.attention.head_count", kHeads);
  writer.Set("llama.attention.head_count_kv", kKvHeads);
  writer.Set("llama.rope.dimension_count", kWidth / kHeads);
  writer.Set("llama.rope.freq_base", 10000.0F);
  writer.Set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
}

void SetTokenizer(GgufWriter& writer, const SelftestVocabulary& vocabulary) {
  writer.Set("llama.vocab_size", static_cast<uint32_t>(vocabulary.tokens.size()));
  writer.Set("tokenizer.ggml.model", "gpt2");
  writer.Set("tokenizer.ggml.pre", "qwen2");
  writer.Set("tokenizer.ggml.tokens", std::span<const std::string>(vocabulary.tokens));
  writer.Set("tokenizer.ggml.token_type", std::span<const int32_t>(vocabulary.types));
  writer.Set("tokenizer.ggml.merges", std::span<const std::string>(vocabulary.merges));
  writer.Set("tokenizer.ggml.eos_token_id", vocabulary.end);
  writer.Set("tokenizer.ggml.bos_token_id", vocabulary.pad);
  writer.Set("tokenizer.ggml.padding_token_id", vocabulary.pad);
  writer.Set("tokenizer.ggml.add_bos_token", false);
  writer.Set("tokenizer.chat_template", SelftestChatTemplate());
}

void AddPair(Weights& weights, const std::string& target, uint64_t in, uint64_t out,
             uint32_t rank) {
  weights.Random(target + ".lora_a", in, rank, 1.7F * Spread(static_cast<uint32_t>(in)));
  auto& b = weights.Random(target + ".lora_b", rank, out, 0.15F);
  if (target.ends_with("ffn_down.weight")) ClearQuietRows(b, rank);
}

Status WriteBytes(const std::filesystem::path& path, const Result<std::string>& bytes) {
  if (!bytes) return Fail(bytes.error());
  return WriteFileAtomically(path, *bytes);
}

}  // namespace

Result<std::string> BuildSelftestModel(const SelftestModelOptions& options) {
  const SelftestVocabulary vocabulary = MakeSelftestVocabulary();
  Weights weights(options.seed);
  AddOutput(weights, vocabulary);
  for (uint32_t layer = 0; layer < kLayers; ++layer) AddLayer(weights, layer);
  GgufWriter writer;
  SetArchitecture(writer, options);
  SetTokenizer(writer, vocabulary);
  weights.AddTo(writer);
  return writer.Build();
}

Result<std::string> BuildSelftestAdapter(const SelftestAdapterOptions& options) {
  Weights weights(options.seed);
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string block = fmt::format("blk.{}.", layer);
    AddPair(weights, block + "attn_q.weight", kWidth, kWidth, options.rank);
    AddPair(weights, block + "attn_v.weight", kWidth, kKvWidth, options.rank);
    AddPair(weights, block + "ffn_down.weight", kFeedForward, kWidth, options.rank);
  }
  GgufWriter writer;
  writer.Set("general.architecture", "llama");
  writer.Set("general.type", "adapter");
  writer.Set("adapter.type", "lora");
  writer.Set("adapter.lora.alpha", options.alpha);
  weights.AddTo(writer);
  return writer.Build();
}

Result<SelftestFiles> WriteSelftestFiles(const std::filesystem::path& folder) {
  TRY_VOID(MakeFolders(folder));
  const SelftestFiles files{folder / "tiny.gguf", folder / "adapter-a.gguf",
                            folder / "adapter-b.gguf"};
  TRY_VOID(WriteBytes(files.model, BuildSelftestModel({})));
  TRY_VOID(WriteBytes(files.adapter_a, BuildSelftestAdapter({.seed = 2})));
  TRY_VOID(WriteBytes(files.adapter_b, BuildSelftestAdapter({.seed = 3})));
  return files;
}

}  // namespace understudy
