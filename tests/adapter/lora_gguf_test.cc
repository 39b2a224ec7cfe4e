#include "adapter/lora_gguf.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/adapter_fixture.h"

namespace understudy::testing {
namespace {

using ::testing::HasSubstr;

class LoraGgufTypes : public ::testing::TestWithParam<TensorType> {};

TEST_P(LoraGgufTypes, ComesBackAsItWent) {
  const LoraAdapter adapter = LlamaAdapter();
  const std::string bytes = BuildLoraGguf(adapter, GetParam()).value();
  const GgufFile file = GgufFile::Parse(bytes, "adapter").value();
  EXPECT_EQ(file.FindTensor("blk.0.attn_q.weight.lora_a")->type, GetParam());
  const auto read = ReadLoraGguf(file);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->architecture, "llama");
  EXPECT_EQ(read->task_name, "labels");
  EXPECT_EQ(read->alpha, 8);
  ASSERT_EQ(read->tensors.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read->tensors[i].base_name, adapter.tensors[i].base_name);
    EXPECT_EQ(read->tensors[i].rank, adapter.tensors[i].rank);
    EXPECT_EQ(read->tensors[i].cols_in, adapter.tensors[i].cols_in);
    EXPECT_EQ(read->tensors[i].rows_out, adapter.tensors[i].rows_out);
    EXPECT_EQ(read->tensors[i].a, adapter.tensors[i].a);
    EXPECT_EQ(read->tensors[i].b, adapter.tensors[i].b);
  }
}
INSTANTIATE_TEST_SUITE_P(All, LoraGgufTypes,
                         ::testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST(LoraGguf, IsCheckedBeforeItIsPublished) {
  const TempFolder folder;
  const std::string base_bytes = LlamaBase();
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  const auto path = folder.path() / "adapter.gguf";
  const auto summary = PublishLoraGguf(LlamaAdapter(), TensorType::kF32, base, path);
  ASSERT_TRUE(summary.has_value()) << summary.error().ToString();
  EXPECT_EQ(summary->targets, 3u);
  EXPECT_EQ(summary->parameters, 28u + 20 + 48);
  EXPECT_TRUE(GgufFile::Open(path).has_value());

  LoraAdapter other = LlamaAdapter();
  other.tensors[0].base_name = "blk.7.attn_q.weight";
  const auto refused = folder.path() / "refused.gguf";
  EXPECT_FALSE(PublishLoraGguf(other, TensorType::kF32, base, refused).has_value());
  LoraAdapter diverged = LlamaAdapter();
  diverged.tensors[1].b[3] = NAN;
  const auto failed = PublishLoraGguf(diverged, TensorType::kF32, base, refused);
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr("not finite"));
  EXPECT_FALSE(std::filesystem::exists(refused));
}

TEST(LoraGguf, RefusesWhatIsNoAdapter) {
  LoraAdapter adapter = LlamaAdapter();
  adapter.alpha = 0;
  EXPECT_FALSE(BuildLoraGguf(adapter, TensorType::kF32).has_value());
  EXPECT_FALSE(BuildLoraGguf(LlamaAdapter(), TensorType::kQ8_0).has_value());
  adapter = LlamaAdapter();
  adapter.tensors[0].a.pop_back();
  const auto failed = BuildLoraGguf(adapter, TensorType::kF32);
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr("blk.0.attn_q.weight: 11 and 16 numbers"));
  const std::string base = LlamaBase();
  EXPECT_FALSE(ReadLoraGguf(GgufFile::Parse(base, "base").value()).has_value());
}

}  // namespace
}  // namespace understudy::testing
