#include "gguf/adapter_check.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

std::vector<float> Values(uint64_t count) {
  return std::vector<float>(count, 0.5F);
}

// A GGUF file under construction that owns its tensors.
class Draft {
 public:
  Draft& Set(std::string_view key, auto value) {
    writer_.Set(key, value);
    return *this;
  }
  Draft& Tensor(std::string_view name, std::vector<uint64_t> shape,
                std::vector<float> values = {}) {
    uint64_t count = 1;
    for (const uint64_t extent : shape) count *= extent;
    if (values.empty()) values = Values(count);
    auto& kept = *kept_.emplace_back(std::make_unique<std::vector<float>>(std::move(values)));
    writer_.AddTensor(name, shape, TensorType::kF32,
                      {reinterpret_cast<const char*>(kept.data()), count * sizeof(float)});
    return *this;
  }
  std::string Build() const { return writer_.Build().value(); }

 private:
  GgufWriter writer_;
  std::vector<std::unique_ptr<std::vector<float>>> kept_;
};

Draft Adapter(float alpha = 8) {
  Draft draft;
  draft.Set("general.type", "adapter").Set("adapter.type", "lora");
  draft.Set("general.architecture", "llama").Set("adapter.lora.alpha", alpha);
  return draft;
}

Result<AdapterSummary> Check(const Draft& adapter) {
  static const std::string base_bytes = Draft()
                                            .Set("general.architecture", "llama")
                                            .Tensor("blk.0.attn_q.weight", {4, 6})
                                            .Tensor("blk.0.experts.weight", {4, 6, 3})
                                            .Tensor("blk.0.attn_norm.weight", {4})
                                            .Tensor("token_embd.weight", {4, 10})
                                            .Build();
  const auto base = GgufFile::Parse(base_bytes, "base").value();
  const std::string bytes = adapter.Build();
  const auto file = GgufFile::Parse(bytes, "adapter").value();
  return CheckAdapter(base, file);
}

std::string ErrorOf(const Draft& adapter) {
  const auto result = Check(adapter);
  EXPECT_FALSE(result.has_value());
  return result ? "" : result.error().message;
}

TEST(AdapterCheck, AcceptsAndSumsUp) {
  const auto summary = Check(Adapter()
                                 .Tensor("blk.0.attn_q.weight.lora_a", {4, 2})
                                 .Tensor("blk.0.attn_q.weight.lora_b", {2, 6})
                                 .Tensor("blk.0.experts.weight.lora_a", {4, 1, 3})
                                 .Tensor("blk.0.experts.weight.lora_b", {1, 6, 3}));
  ASSERT_TRUE(summary.has_value()) << summary.error().ToString();
  EXPECT_EQ(summary->alpha, 8);
  EXPECT_EQ(summary->targets, 2u);
  EXPECT_EQ(summary->least_rank, 1u);
  EXPECT_EQ(summary->most_rank, 2u);
  EXPECT_EQ(summary->parameters, 4u * 2 + 2 * 6 + 3 * (4 + 6));
}

TEST(AdapterCheck, RefusesWrongKeys) {
  EXPECT_THAT(ErrorOf(Draft()), HasSubstr("general.type is \"(none)\", expected \"adapter\""));
  EXPECT_THAT(ErrorOf(Draft().Set("general.type", "adapter").Set("adapter.type", "ia3")),
              HasSubstr("adapter.type is \"ia3\""));
  EXPECT_THAT(ErrorOf(Draft()
                          .Set("general.type", "adapter")
                          .Set("adapter.type", "lora")
                          .Set("general.architecture", "qwen2")),
              HasSubstr("expected \"llama\""));
}

TEST(AdapterCheck, RefusesAlphaThatWouldMeanSomethingElse) {
  EXPECT_THAT(ErrorOf(Adapter(0)), HasSubstr("alpha"));
  EXPECT_THAT(ErrorOf(Adapter(-1)), HasSubstr("alpha"));
  EXPECT_THAT(ErrorOf(Adapter(std::numeric_limits<float>::quiet_NaN())), HasSubstr("alpha"));
  EXPECT_THAT(ErrorOf(Draft()
                          .Set("general.type", "adapter")
                          .Set("adapter.type", "lora")
                          .Set("general.architecture", "llama")),
              HasSubstr("alpha is missing"));
}

TEST(AdapterCheck, RefusesWrongTensors) {
  const std::string a = "blk.0.attn_q.weight.lora_a", b = "blk.0.attn_q.weight.lora_b";
  EXPECT_THAT(ErrorOf(Adapter()), HasSubstr("adapts nothing"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(a, {4, 2})), HasSubstr("no .lora_b beside it"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(b, {2, 6})), HasSubstr("adapts nothing"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(a, {6, 2}).Tensor(b, {2, 6})),
              HasSubstr("{6, 2} and blk.0.attn_q.weight.lora_b {2, 6} do not fit"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(a, {4, 2}).Tensor(b, {3, 6})), HasSubstr("do not fit"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(a, {4, 2}).Tensor(b, {2, 4})), HasSubstr("do not fit"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor("blk.0.attn_q.weight", {4, 6})),
              HasSubstr("neither a .lora_a nor a .lora_b"));
  EXPECT_THAT(ErrorOf(Adapter()
                          .Tensor("blk.9.attn_q.weight.lora_a", {4, 2})
                          .Tensor("blk.9.attn_q.weight.lora_b", {2, 6})),
              HasSubstr("no tensor blk.9.attn_q.weight"));
  EXPECT_THAT(ErrorOf(Adapter().Tensor(a, {4, 2}).Tensor(b, {2, 6}).Tensor(
                  "blk.0.experts.weight.lora_b", {1, 6, 3})),
              HasSubstr("without its .lora_a"));
}

TEST(AdapterCheck, RefusesTargetsThatServersIgnoreOrDieOn) {
  EXPECT_THAT(ErrorOf(Adapter()
                          .Tensor("blk.0.attn_norm.weight.lora_a", {4, 1})
                          .Tensor("blk.0.attn_norm.weight.lora_b", {1, 1})),
              HasSubstr("no effect"));
  EXPECT_THAT(ErrorOf(Adapter()
                          .Tensor("token_embd.weight.lora_a", {4, 1})
                          .Tensor("token_embd.weight.lora_b", {1, 10})),
              HasSubstr("token embedding"));
}

TEST(AdapterCheck, RefusesValuesThatAreNotFinite) {
  auto values = Values(8);
  values[7] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(ErrorOf(Adapter()
                          .Tensor("blk.0.attn_q.weight.lora_a", {4, 2}, values)
                          .Tensor("blk.0.attn_q.weight.lora_b", {2, 6})),
              HasSubstr("not finite"));
}

}  // namespace
}  // namespace understudy
