#include "nn/model_config.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "nn/small_models.h"

namespace understudy::nn {
namespace {

using ::testing::HasSubstr;

// What reading a file says that holds `config` and whatever `more` adds.
std::string Reading(
    const ModelConfig& config, const std::function<void(GgufWriter&)>& more = [](GgufWriter&) {}) {
  GgufWriter writer;
  WriteModelConfig(config, writer);
  more(writer);
  const auto bytes = writer.Build();
  if (!bytes) return bytes.error().ToString();
  const auto file = GgufFile::Parse(*bytes, "test");
  if (!file) return file.error().ToString();
  const auto read = ReadModelConfig(*file);
  return read ? "fine" : read.error().ToString();
}

// The same of a file with these keys alone.
std::string ReadingOnly(const std::function<void(GgufWriter&)>& keys) {
  GgufWriter writer;
  keys(writer);
  const auto bytes = writer.Build();
  const auto file = GgufFile::Parse(*bytes, "test");
  if (!file) return file.error().ToString();
  const auto read = ReadModelConfig(*file);
  return read ? "fine" : read.error().ToString();
}

TEST(ModelConfig, IsReadAsItWasWritten) {
  for (const Variant& variant : AllVariants()) {
    GgufWriter writer;
    WriteModelConfig(variant.config, writer);
    const auto bytes = writer.Build();
    const auto file = GgufFile::Parse(*bytes, "test");
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    const auto read = ReadModelConfig(*file);
    ASSERT_TRUE(read.has_value()) << variant.name << ": " << read.error().ToString();
    const ModelConfig& a = variant.config;
    const ModelConfig& b = *read;
    EXPECT_EQ(b.architecture, a.architecture);
    EXPECT_EQ(b.vocabulary, a.vocabulary);
    EXPECT_EQ(b.context, a.context);
    EXPECT_EQ(b.width, a.width);
    EXPECT_EQ(b.kv_heads, a.kv_heads);
    EXPECT_EQ(b.ssm.in_rows(), a.ssm.in_rows());
    EXPECT_EQ(b.ssm.groups, a.ssm.groups);
    EXPECT_EQ(b.rotary, a.rotary);
    EXPECT_FLOAT_EQ(b.embedding_scale, a.embedding_scale);
    EXPECT_FLOAT_EQ(b.residual_scale, a.residual_scale);
    EXPECT_FLOAT_EQ(b.attention_scale, a.attention_scale);
    EXPECT_FLOAT_EQ(b.logit_scale, a.logit_scale);
    if (a.heads == 0) continue;
    EXPECT_EQ(b.feed_forward, a.feed_forward);
    EXPECT_EQ(b.heads, a.heads);
    EXPECT_EQ(b.head_size, a.head_size);
    EXPECT_EQ(b.rotary_size, a.rotary_size);
    EXPECT_DOUBLE_EQ(b.rotary_base, a.rotary_base);
  }
}

TEST(ModelConfig, OtherArchitecturesAreNamedWithThoseThatCanBeTrained) {
  EXPECT_THAT(ReadingOnly([](GgufWriter& writer) { writer.Set("general.architecture", "gemma"); }),
              ::testing::AllOf(HasSubstr("gemma"), HasSubstr("granitehybrid"), HasSubstr("qwen3")));
  EXPECT_THAT(ReadingOnly([](GgufWriter& writer) { writer.Set("general.name", "x"); }),
              HasSubstr("general.architecture is missing"));
}

TEST(ModelConfig, AMissingKeyIsNamed) {
  const auto without = [](std::string_view left_out) {
    return ReadingOnly([&](GgufWriter& writer) {
      writer.Set("general.architecture", "llama");
      for (const auto& [key, value] : {std::pair<std::string_view, uint32_t>{"block_count", 2},
                                       {"embedding_length", 64},
                                       {"context_length", 512},
                                       {"feed_forward_length", 96},
                                       {"attention.head_count", 4},
                                       {"vocab_size", 300}}) {
        if (key != left_out) writer.Set(fmt::format("llama.{}", key), value);
      }
    });
  };
  EXPECT_EQ(without("nothing"), "fine");
  for (const std::string_view key :
       {"embedding_length", "context_length", "feed_forward_length", "attention.head_count"}) {
    EXPECT_THAT(without(key), HasSubstr(fmt::format("llama.{} is missing", key)));
  }
  EXPECT_THAT(without("block_count"), HasSubstr("block_count"));
  EXPECT_THAT(without("vocab_size"), HasSubstr("vocabulary"));
}

TEST(ModelConfig, WhatComputesSomethingElseIsRefused) {
  const ModelConfig& config = VariantNamed("granitehybrid").config;
  EXPECT_EQ(Reading(config), "fine");
  EXPECT_EQ(
      Reading(config, [](GgufWriter& w) { w.Set("granitehybrid.expert_count", uint32_t{0}); }),
      "fine");
  EXPECT_THAT(
      Reading(config, [](GgufWriter& w) { w.Set("granitehybrid.expert_count", uint32_t{8}); }),
      HasSubstr("granitehybrid.expert_count = 8"));
  EXPECT_THAT(Reading(config,
                      [](GgufWriter& w) {
                        w.Set("granitehybrid.attention.sliding_window", uint32_t{256});
                      }),
              HasSubstr("sliding_window"));
  EXPECT_THAT(
      Reading(config, [](GgufWriter& w) { w.Set("granitehybrid.rope.scaling.type", "yarn"); }),
      HasSubstr("\"yarn\""));
}

TEST(ModelConfig, SizesThatDoNotFitAreNamed) {
  const auto check = [](std::string_view variant, const std::function<void(ModelConfig&)>& spoil) {
    ModelConfig config = VariantNamed(variant).config;
    spoil(config);
    const auto checked = CheckModelConfig(config);
    return checked ? "fine" : checked.error().ToString();
  };
  EXPECT_EQ(check("llama", [](ModelConfig&) {}), "fine");
  EXPECT_THAT(check("llama", [](auto& c) { c.heads = 5; }), HasSubstr("head_count_kv"));
  EXPECT_THAT(check("llama", [](auto& c) { c.head_size = 7; }), HasSubstr("head"));
  EXPECT_THAT(check("llama", [](auto& c) { c.rotary_size = 18; }), HasSubstr("rope.dimension"));
  EXPECT_THAT(check("llama", [](auto& c) { c.kv_heads[1] = 0; }), HasSubstr("no state-space"));
  EXPECT_THAT(check("llama", [](auto& c) { c.width = 0; }), HasSubstr("embedding_length"));
  EXPECT_THAT(check("llama", [](auto& c) { c.vocabulary = 1; }), HasSubstr("vocabulary"));
  EXPECT_THAT(check("llama", [](auto& c) { c.context = 0; }), HasSubstr("context_length"));
  EXPECT_THAT(check("llama", [](auto& c) { c.kv_heads.clear(); }), HasSubstr("block_count"));
  EXPECT_THAT(check("llama", [](auto& c) { c.norm_epsilon = std::nan(""); }), HasSubstr("epsilon"));
  EXPECT_THAT(check("mamba2", [](auto& c) { c.ssm.heads = 7; }), HasSubstr("time_step_rank"));
  EXPECT_THAT(check("mamba2", [](auto& c) { c.ssm.groups = 3; }), HasSubstr("group_count"));
  EXPECT_THAT(check("mamba2", [](auto& c) { c.ssm.conv_kernel = 1; }), HasSubstr("conv_kernel"));
  EXPECT_THAT(check("mamba2", [](auto& c) { c.ssm.state = 0; }), HasSubstr("state_size"));
}

// A file whose tensors are missing, or of other sizes than its keys say.
TEST(FileSource, NamesATensorThatIsMissingOrOfAnotherShape) {
  const TempFolder folder;
  const Variant& variant = VariantNamed("qwen2");
  SmallModel small = MakeSmall(variant);
  const auto making = [&] {
    WriteSmall(variant, small, TensorType::kF32, folder / "model.gguf");
    const auto file = GgufFile::Open(folder / "model.gguf");
    FileSource source(*file);
    const auto made = LanguageModel::Make(variant.config, source);
    return made ? "fine" : made.error().ToString();
  };
  EXPECT_EQ(making(), "fine");
  const auto found = std::ranges::find(small.parameters, "blk.1.ffn_up.weight", &Parameter::name);
  ASSERT_NE(found, small.parameters.end());
  found->value = at::zeros({96, 32});
  EXPECT_THAT(making(), HasSubstr("blk.1.ffn_up.weight has the shape"));
  small.parameters.erase(found);
  EXPECT_THAT(making(), HasSubstr("blk.1.ffn_up.weight is missing"));
}

}  // namespace
}  // namespace understudy::nn
