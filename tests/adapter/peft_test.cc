#include "adapter/peft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/adapter_fixture.h"
#include "adapter/hf_names.h"
#include "base/file.h"

namespace understudy::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ModuleOf(std::string_view architecture, std::string_view tensor) {
  const auto module = FindHfModule(architecture, tensor);
  return module ? module->name : "";
}

TEST(HfNames, FollowsTheModelsOfTransformers) {
  EXPECT_EQ(ModuleOf("llama", "blk.11.attn_q.weight"), "model.layers.11.self_attn.q_proj");
  EXPECT_EQ(ModuleOf("qwen2", "blk.0.attn_output.weight"), "model.layers.0.self_attn.o_proj");
  EXPECT_EQ(ModuleOf("qwen3", "blk.3.ffn_gate.weight"), "model.layers.3.mlp.gate_proj");
  EXPECT_EQ(ModuleOf("granite", "blk.3.ffn_down.weight"), "model.layers.3.mlp.down_proj");
  EXPECT_EQ(ModuleOf("granitehybrid", "blk.2.ssm_in.weight"), "model.layers.2.mamba.in_proj");
  EXPECT_EQ(ModuleOf("granitehybrid", "blk.2.ffn_up.weight"),
            "model.layers.2.shared_mlp.input_linear");
  EXPECT_EQ(ModuleOf("mamba2", "blk.2.ssm_out.weight"), "backbone.layers.2.mixer.out_proj");
  EXPECT_EQ(ModuleOf("llama", "output.weight"), "lm_head");
  for (const std::string_view wrong :
       {"blk.0.attn_norm.weight", "blk.x.attn_q.weight", "blk.0.attn_q", "blk.0.attn_q.bias",
        "token_embd.weight", "blk.0..weight", ""}) {
    EXPECT_EQ(ModuleOf("llama", wrong), "") << wrong;
  }
  EXPECT_EQ(ModuleOf("gemma9", "blk.0.attn_q.weight"), "");
  EXPECT_EQ(FindHfModule("llama", "blk.0.attn_k.weight")->order, RowOrder::kRotary);
  EXPECT_EQ(FindHfModule("llama", "blk.0.attn_v.weight")->order, RowOrder::kSame);
  EXPECT_EQ(FindHfModule("qwen3", "blk.0.attn_q.weight")->order, RowOrder::kSame);
}

// Converting takes row (head, half j, i) to row (head, i, j): reshape(heads, 2, d/2), swap the two.
std::vector<float> PermuteAsTheConverter(const std::vector<float>& rows, uint64_t columns,
                                         uint64_t heads) {
  const uint64_t half = rows.size() / columns / heads / 2;
  std::vector<float> out;
  for (uint64_t head = 0; head < heads; ++head) {
    for (uint64_t i = 0; i < half; ++i) {
      for (uint64_t j = 0; j < 2; ++j) {
        for (uint64_t c = 0; c < columns; ++c) {
          out.push_back(rows[((head * 2 + j) * half + i) * columns + c]);
        }
      }
    }
  }
  return out;
}

TEST(Peft, UndoesTheConvertersRotaryOrder) {
  EXPECT_THAT(UnpermuteRotary({0, 1, 2, 3, 4, 5}, 1, 1).value(), ElementsAre(0, 2, 4, 1, 3, 5));
  std::vector<float> rows(3 * 8 * 5);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i);
  EXPECT_EQ(UnpermuteRotary(PermuteAsTheConverter(rows, 5, 3), 5, 3).value(), rows);
  EXPECT_FALSE(UnpermuteRotary(rows, 5, 0).has_value());
  EXPECT_FALSE(UnpermuteRotary(rows, 5, 5).has_value());
}

const NamedTensor& Named(const PeftAdapter& peft, const std::string& name) {
  const auto found =
      std::ranges::find(peft.tensors, "base_model.model." + name, &NamedTensor::name);
  EXPECT_NE(found, peft.tensors.end()) << name;
  return found == peft.tensors.end() ? peft.tensors.front() : *found;
}

TEST(Peft, WritesALlamaAdapter) {
  const std::string base_bytes = LlamaBase();
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  const LoraAdapter adapter = LlamaAdapter();
  const auto peft = MakePeft(adapter, base, "tiny base");
  ASSERT_TRUE(peft.has_value()) << peft.error().ToString();
  const NamedTensor& a = Named(*peft, "model.layers.0.self_attn.q_proj.lora_A.weight");
  EXPECT_THAT(a.shape, ElementsAre(2, 6));
  EXPECT_EQ(a.values, adapter.tensors[0].a);
  const NamedTensor& b = Named(*peft, "model.layers.0.self_attn.q_proj.lora_B.weight");
  EXPECT_THAT(b.shape, ElementsAre(8, 2));
  EXPECT_EQ(PermuteAsTheConverter(b.values, 2, 2), adapter.tensors[0].b);
  EXPECT_EQ(PermuteAsTheConverter(
                Named(*peft, "model.layers.0.self_attn.k_proj.lora_B.weight").values, 2, 1),
            adapter.tensors[1].b);
  EXPECT_EQ(Named(*peft, "model.layers.1.mlp.down_proj.lora_B.weight").values,
            adapter.tensors[2].b);

  EXPECT_EQ(peft->config.at("peft_type"), "LORA");
  EXPECT_EQ(peft->config.at("r"), 2);
  EXPECT_EQ(peft->config.at("lora_alpha"), 8.0);
  EXPECT_EQ(peft->config.at("target_modules").as_array().size(), 3u);
  // The third has rank 3; its alpha / rank is 8 / 3, as in the GGUF.
  EXPECT_EQ(peft->config.at("rank_pattern").at("model.layers.1.mlp.down_proj"), 3);
  EXPECT_TRUE(peft->config.at("alpha_pattern").as_object().empty());
}

TEST(Peft, FusesGateAndUpExactly) {
  const std::string base_bytes = BaseBytes("granitehybrid", {{"blk.1.ffn_gate.weight", 6, 10}});
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  LoraAdapter adapter{"granitehybrid", "", 8, {}};
  adapter.tensors.push_back(MakeTensor("blk.1.ffn_up.weight", 6, 10, 3, 5));
  adapter.tensors.push_back(MakeTensor("blk.1.ffn_gate.weight", 6, 10, 2));
  adapter.tensors.push_back(MakeTensor("blk.0.ffn_up.weight", 6, 10, 2));
  adapter.tensors.push_back(MakeTensor("blk.1.attn_k.weight", 6, 4, 2));
  adapter.tensors.push_back(MakeTensor("blk.0.ssm_in.weight", 6, 12, 2));
  const auto peft = MakePeft(adapter, base, "tiny base");
  ASSERT_TRUE(peft.has_value()) << peft.error().ToString();

  const auto expect_fused = [&](const std::string& module, uint64_t rank, const LoraTensor* gate,
                                const LoraTensor* up) {
    const NamedTensor& a = Named(*peft, module + ".lora_A.weight");
    const NamedTensor& b = Named(*peft, module + ".lora_B.weight");
    EXPECT_THAT(a.shape, ElementsAre(rank, 6));
    EXPECT_THAT(b.shape, ElementsAre(20, rank));
    const auto* ranks = peft->config.at("rank_pattern").as_object().if_contains(module);
    const auto* alphas = peft->config.at("alpha_pattern").as_object().if_contains(module);
    const double alpha = alphas ? alphas->as_double() : peft->config.at("lora_alpha").as_double();
    EXPECT_EQ((ranks ? *ranks : peft->config.at("r")).to_number<uint64_t>(), rank);
    const auto change = Change(a.values, b.values, 6, 20, rank, alpha / static_cast<double>(rank));
    std::vector<float> expected;
    for (const LoraTensor* part : {gate, up}) {
      const auto rows = part ? Change(part->a, part->b, 6, 10, part->rank, 8.0 / part->rank)
                             : std::vector<float>(60, 0.0F);
      expected.insert(expected.end(), rows.begin(), rows.end());
    }
    ASSERT_EQ(change.size(), expected.size());
    for (size_t i = 0; i < change.size(); ++i) {
      EXPECT_NEAR(change[i], expected[i], 1e-4 * std::abs(expected[i])) << i;
    }
  };
  expect_fused("model.layers.1.shared_mlp.input_linear", 5, &adapter.tensors[1],
               &adapter.tensors[0]);
  expect_fused("model.layers.0.shared_mlp.input_linear", 2, nullptr, &adapter.tensors[2]);
  EXPECT_EQ(PermuteAsTheConverter(
                Named(*peft, "model.layers.1.self_attn.k_proj.lora_B.weight").values, 2, 1),
            adapter.tensors[3].b);
  EXPECT_EQ(Named(*peft, "model.layers.0.mamba.in_proj.lora_B.weight").values,
            adapter.tensors[4].b);
}

// PEFT 0.21 raises ValueError on such a folder.
TEST(Peft, WritesNoFolderThatPeftRefuses) {
  const std::string base_bytes = BaseBytes("mamba2", {{"blk.0.ssm_in.weight", 6, 10}});
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  LoraAdapter adapter{"mamba2", "", 8, {MakeTensor("blk.0.ssm_in.weight", 6, 10, 2)}};
  EXPECT_TRUE(MakePeft(adapter, base, "tiny base").has_value());
  adapter.tensors.push_back(MakeTensor("blk.0.ssm_out.weight", 6, 10, 2));
  const auto peft = MakePeft(adapter, base, "tiny base");
  ASSERT_FALSE(peft.has_value());
  EXPECT_EQ(peft.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(peft.error().message, HasSubstr("blk.0.ssm_out.weight"));
}

TEST(Peft, SaysWhatHuggingFaceDoesNotHave) {
  const std::string base_bytes = LlamaBase();
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  LoraAdapter adapter = LlamaAdapter();
  adapter.architecture = "mamba9";
  const auto failed = MakePeft(adapter, base, "x");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(failed.error().ToString(), HasSubstr("blk.0.attn_q.weight of a mamba9 model"));
}

TEST(Peft, WritesBothFiles) {
  const TempFolder folder;
  const std::string base_bytes = LlamaBase();
  const GgufFile base = GgufFile::Parse(base_bytes, "base").value();
  const auto peft = MakePeft(LlamaAdapter(), base, "tiny base");
  ASSERT_TRUE(WritePeft(*peft, folder.path() / "peft").has_value());
  const auto bytes = ReadFile(folder.path() / "peft/adapter_model.safetensors").value();
  const auto file = ParseSafetensors(bytes, "f");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->tensors.size(), 6u);
  EXPECT_EQ(file->metadata.at("format"), "pt");
  EXPECT_TRUE(ParseJson(ReadFile(folder.path() / "peft/adapter_config.json").value()).has_value());
}

}  // namespace
}  // namespace understudy::testing
