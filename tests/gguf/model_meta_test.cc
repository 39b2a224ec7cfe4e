#include "gguf/model_meta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/writer.h"
#include "models/selftest_model.h"

namespace understudy {
namespace {

using ::testing::ElementsAre;

TEST(ModelMeta, ReadsTheTinyModel) {
  const std::string bytes = BuildSelftestModel({}).value();
  const auto meta = ReadModelMeta(GgufFile::Parse(bytes, "tiny").value());
  ASSERT_TRUE(meta.has_value()) << meta.error().ToString();
  EXPECT_EQ(meta->architecture, "llama");
  EXPECT_EQ(meta->name, "tiny");
  EXPECT_EQ(meta->context_tokens, 4096u);
  EXPECT_EQ(meta->layers, 2u);
  EXPECT_EQ(meta->vocabulary, MakeSelftestVocabulary().tokens.size());
  EXPECT_GT(meta->parameters, 300'000u);
  EXPECT_EQ(meta->chat_template, SelftestChatTemplate());
  EXPECT_THAT(meta->control_texts, ElementsAre("<|endoftext|>", "<|im_start|>", "<|im_end|>",
                                               "<tool_call>", "</tool_call>"));
}

TEST(ModelMeta, OrdinaryTextIsNoControlText) {
  GgufWriter writer;
  const std::vector<std::string> tokens{"<s>", "    ", "<table>", "<think>", "<|x|>", "word", "\n"};
  const std::vector<int32_t> types{3, 4, 4, 4, 4, 1, 3};
  writer.Set("general.architecture", "gemma");
  writer.Set("tokenizer.ggml.tokens", std::span<const std::string>(tokens));
  writer.Set("tokenizer.ggml.token_type", std::span<const int32_t>(types));
  writer.Set("tokenizer.chat_template", "{{ '<think>' }}    {{ message }}");
  const std::string bytes = writer.Build().value();
  const auto meta = ReadModelMeta(GgufFile::Parse(bytes, "x").value());
  ASSERT_TRUE(meta.has_value());
  EXPECT_THAT(meta->control_texts, ElementsAre("<s>", "<think>", "<|x|>"));
}

TEST(ModelMeta, RefusesWhatIsNoModel) {
  const std::string adapter = BuildSelftestAdapter({}).value();
  EXPECT_FALSE(ReadModelMeta(GgufFile::Parse(adapter, "x").value()).has_value());
  const std::string empty = GgufWriter().Build().value();
  EXPECT_FALSE(ReadModelMeta(GgufFile::Parse(empty, "x").value()).has_value());
}

}  // namespace
}  // namespace understudy
