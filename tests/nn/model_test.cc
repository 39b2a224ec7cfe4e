// Whole models: what stands beside a sequence does not matter to it, and gradients are slopes.
#include "nn/model.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/file.h"
#include "dataset/share_trunks.h"
#include "nn/batch.h"
#include "nn/lora.h"
#include "nn/small_models.h"
#include "support/golden.h"
#include "support/paths.h"

namespace understudy::nn {
namespace {

Sequence SequenceOf(uint64_t seed, size_t count) {
  Sequence sequence{.tokens = RandomTokens(seed, count), .weights = {}, .soft = {}, .lines = {}};
  for (size_t i = 0; i < count; ++i)
    sequence.weights.push_back(i == 0 ? 0 : 1 + 0.25F * static_cast<float>(i % 3));
  return sequence;
}

TensorBatch Packed(const std::vector<Sequence>& sequences, size_t width) {
  RowPlan plan{.width = width, .sequences = {}};
  for (size_t i = 0; i < sequences.size(); ++i) plan.sequences.push_back(i);
  const std::vector<PackedRow> rows{PackRow(plan, sequences, 256)};
  return ToTensors(rows);
}

at::Tensor LogitsOf(const LanguageModel& model, const Rows& rows) {  // [rows, time, vocabulary]
  const at::NoGradGuard no_grad;
  return model.Logits(model.Hidden(rows));
}

double LossOf(const LanguageModel& model, const TensorBatch& batch) {
  const at::NoGradGuard no_grad;
  return Loss(model, batch).item<double>();
}

class Models : public ::testing::TestWithParam<Variant> {
 protected:
  SmallModel small_ = MakeSmall(GetParam());
};

TEST_P(Models, AreNotDisturbedByWhatStandsBesideOrBefore) {
  const std::vector<Sequence> sequences{SequenceOf(1, 21), SequenceOf(2, 40), SequenceOf(3, 9)};
  const at::Tensor packed = LogitsOf(*small_.model, Packed(sequences, 96).rows);
  const at::Tensor beside = LogitsOf(*small_.model, SideBySide(sequences, 256).rows);
  int64_t begin = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const at::Tensor alone = LogitsOf(*small_.model, RowOf(sequences[i].tokens))[0];
    const int64_t count = alone.size(0);
    EXPECT_LT(Apart(packed[0].narrow(0, begin, count), alone), 2e-4) << "packed, " << i;
    EXPECT_LT(Apart(beside[static_cast<int64_t>(i)].narrow(0, 0, count), alone), 2e-4)
        << "side by side, " << i;
    begin += count;
  }
}

TEST_P(Models, DoNotLookAhead) {
  auto tokens = RandomTokens(4, 50);
  const at::Tensor before = LogitsOf(*small_.model, RowOf(tokens))[0];
  tokens[37] = 'A';
  const at::Tensor after = LogitsOf(*small_.model, RowOf(tokens))[0];
  EXPECT_LT(Apart(before.narrow(0, 0, 37), after.narrow(0, 0, 37)), 1e-5);
  EXPECT_GT(Apart(before.narrow(0, 49, 1), after.narrow(0, 49, 1)), 1e-3)
      << "it does not look back";
}

// Along its gradient every tensor's slope is the gradient's length.
TEST_P(Models, GradientsAreSlopes) {
  const TensorBatch batch = Packed({SequenceOf(1, 14), SequenceOf(2, 17)}, 40);
  torch::autograd::backward({Loss(*small_.model, batch)}, {});
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : small_.parameters) {
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
    const double length = parameter.value.grad().norm().item<double>();
    // A bias of k adds the same to all of a token's scores where nothing turns: no slope at all.
    if (length < 1e-2) continue;
    const double step = std::min(0.02, 0.05 / length);
    const at::Tensor shift = parameter.value.grad() * (step / length);
    at::Tensor value = parameter.value;
    value.add_(shift);
    const double above = LossOf(*small_.model, batch);
    value.sub_(shift, 2);
    const double below = LossOf(*small_.model, batch);
    value.add_(shift);
    EXPECT_NEAR((above - below) / (2 * step), length, 0.03 * length + 1e-3) << parameter.name;
  }
}

// Conversations with one beginning, computed once: losses and gradients as of each apart, also
// where branches are shorter than the convolution reaches, where another sequence stands before,
// and beyond the scan's strides.
TEST_P(Models, SharedBeginningsChangeNeitherLossNorGradients) {
  const Sequence begin = SequenceOf(1, 37);
  std::vector<Sequence> apart{SequenceOf(9, 11)};
  for (const size_t length : {2, 20, 45, 3}) {
    Sequence whole = SequenceOf(20 + length, 37 + length);
    std::ranges::copy(begin.tokens, whole.tokens.begin());
    std::fill_n(whole.weights.begin(), 38, 0.0F);  // the first of the branch is never foretold
    apart.push_back(std::move(whole));
  }
  const auto shared = ShareTrunks(apart, {.max_tokens = 200, .least_trunk = 8});
  ASSERT_EQ(shared.size(), 2U);
  SmallModel other = MakeSmall(GetParam());
  const at::Tensor one = Loss(*small_.model, SideBySide(apart, 256));
  const at::Tensor two = Loss(*other.model, Packed(shared, 128));
  EXPECT_NEAR(one.item<double>(), two.item<double>(), 1e-4 * one.item<double>());
  torch::autograd::backward({one}, {});
  torch::autograd::backward({two}, {});
  for (size_t i = 0; i < small_.parameters.size(); ++i) {
    const at::Tensor gradient = small_.parameters[i].value.grad();
    EXPECT_LT(Apart(gradient, other.parameters[i].value.grad()),
              2e-4 * (1 + gradient.abs().max().item<double>()))
        << small_.parameters[i].name;
  }
}

TEST_P(Models, RecomputedLayersGiveTheSameGradients) {
  const TensorBatch batch = Packed({SequenceOf(1, 14), SequenceOf(2, 17)}, 40);
  torch::autograd::backward({Loss(*small_.model, batch)}, {});
  SmallModel other = MakeSmall(GetParam());
  other.model->set_checkpointing(true);
  torch::autograd::backward({Loss(*other.model, batch)}, {});
  for (size_t i = 0; i < small_.parameters.size(); ++i) {
    const at::Tensor one = small_.parameters[i].value.grad();
    EXPECT_LT(Apart(one, other.parameters[i].value.grad()),
              1e-4 * (1 + one.abs().max().item<double>()))
        << small_.parameters[i].name;
  }
}

TEST_P(Models, FrozenMatricesInEveryPrecisionAreNearAndLearnThroughAdapters) {
  const TempFolder folder;
  const Sequence sequence = SequenceOf(5, 40);
  const at::Tensor exact = LogitsOf(*small_.model, RowOf(sequence.tokens));
  const double spread = exact.std().item<double>();
  for (const auto& [type, near] : {std::pair{TensorType::kF32, 0.0},
                                   {TensorType::kF16, 0.02},
                                   {TensorType::kBF16, 0.15},
                                   {TensorType::kQ8_0, 0.15}}) {
    WriteSmall(GetParam(), small_, type, folder / "model.gguf");
    const auto file = GgufFile::Open(folder / "model.gguf");
    ASSERT_TRUE(file.has_value());
    FileSource source(*file);
    const auto model = LanguageModel::Make(GetParam().config, source);
    ASSERT_TRUE(model.has_value()) << model.error().ToString();
    EXPECT_LE(Apart(LogitsOf(**model, RowOf(sequence.tokens)), exact), near * spread) << Name(type);
    const auto lora = AddLora(**model, {.rank = 2, .alpha = 4});
    ASSERT_TRUE(lora.has_value());
    torch::autograd::backward({Loss(**model, Packed({sequence}, 64))}, {});
    for (const Parameter& parameter : *lora) {  // B is zero: A has no slope yet
      const at::Tensor gradient = parameter.value.grad();
      ASSERT_TRUE(gradient.defined()) << parameter.name;
      EXPECT_EQ(gradient.norm().item<double>() > 0, parameter.name.ends_with("lora_b"))
          << parameter.name << " " << Name(type);
    }
  }
}

TEST_P(Models, ProductsInBf16AreNear) {
  const Rows rows = RowOf(RandomTokens(5, 40));
  const at::Tensor exact = LogitsOf(*small_.model, rows);
  small_.model->set_product_type(at::kBFloat16);
  const at::Tensor rough = LogitsOf(*small_.model, rows);
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  EXPECT_GT(Apart(rough, exact), 0);
  EXPECT_LT((rough - exact).std().item<double>(), 0.05 * exact.std().item<double>());
}

INSTANTIATE_TEST_SUITE_P(All, Models, ::testing::ValuesIn(AllVariants()),
                         [](const auto& info) { return info.param.name; });

TEST(Dropout, ActsOnlyWhileGradientsAreOn) {
  SmallModel small = MakeSmall(VariantNamed("granitehybrid"));
  const auto lora = AddLora(*small.model, {.rank = 4, .alpha = 8, .dropout = 0.5});
  ASSERT_TRUE(lora.has_value());
  {
    const at::NoGradGuard no_grad;
    for (const Parameter& parameter : *lora) at::Tensor(parameter.value).fill_(0.05);
  }
  const Rows rows = RowOf(RandomTokens(5, 20));
  EXPECT_EQ(Apart(LogitsOf(*small.model, rows), LogitsOf(*small.model, rows)), 0);
  const at::Tensor one = small.model->Logits(small.model->Hidden(rows));
  const at::Tensor two = small.model->Logits(small.model->Hidden(rows));
  EXPECT_GT(Apart(one, two), 1e-3);
}

TEST(Lora, ActsOnTheMatricesItIsToldTo) {
  const auto targets = [](std::string_view variant, std::vector<std::string> which) -> std::string {
    SmallModel small = MakeSmall(VariantNamed(variant));
    const auto lora = AddLora(*small.model, {.rank = 2, .targets = std::move(which)});
    return lora ? fmt::format("{}", lora->size() / 2) : lora.error().ToString();
  };
  EXPECT_EQ(targets("granitehybrid", {"all"}), "17");  // 2 x ssm 2, attention 4, 3 x mlp 3
  EXPECT_EQ(targets("granitehybrid", {"attention"}), "4");
  EXPECT_EQ(targets("granitehybrid", {"ssm", "mlp"}), "13");
  EXPECT_THAT(targets("mamba2", {"attention"}), ::testing::HasSubstr("--targets"));
}

TEST(BatchLoss, SoftTargetsMoveWeightToTheTeachersAlternatives) {
  const SmallModel small = MakeSmall(VariantNamed("llama"));
  Sequence sequence = SequenceOf(1, 6);
  std::ranges::fill(sequence.weights, 0.0F);
  sequence.weights[4] = 1;
  const double hard = LossOf(*small.model, Packed({sequence}, 8));
  const at::Tensor logits = LogitsOf(*small.model, RowOf(sequence.tokens))[0][3];
  const at::Tensor log_p = at::log_softmax(logits, -1);
  const auto of = [&](int64_t token) { return log_p[token].item<double>(); };
  EXPECT_NEAR(hard, -of(sequence.tokens[4]), 1e-4);
  sequence.soft = {{4, {{'x', std::log(0.5F)}, {'y', std::log(0.2F)}}}};
  const double soft = LossOf(*small.model, Packed({sequence}, 8));
  EXPECT_NEAR(soft, -0.5 * of('x') - 0.2 * of('y') - 0.3 * of(sequence.tokens[4]), 1e-4);
}

TEST(BatchJudge, SaysWhatGreedyDecodingWouldWrite) {
  const SmallModel small = MakeSmall(VariantNamed("qwen3_untied"));
  std::vector<int32_t> tokens = RandomTokens(3, 5);
  for (int i = 0; i < 4; ++i) {
    const at::Tensor next = LogitsOf(*small.model, RowOf(tokens))[0][-1].argmax();
    tokens.push_back(next.item<int32_t>());
  }
  Sequence greedy{
      .tokens = tokens, .weights = {0, 0, 0, 0, 0, 1, 1, 1, 1}, .soft = {}, .lines = {}};
  Sequence other = greedy;
  other.tokens[8] = other.tokens[8] == 'q' ? 'r' : 'q';
  const std::vector<Sequence> sequences{greedy, other, greedy};
  const Judged judged = Judge(*small.model, SideBySide(sequences, 256));
  EXPECT_EQ(judged.would_write, (std::vector<bool>{true, false, true}));
}

// ---- golden: numbers of models by seed, so that a change of what is computed is seen

std::string GoldenNumbers() {
  std::string text;
  for (const Variant& variant : AllVariants()) {
    const SmallModel small = MakeSmall(variant, 7);
    const TensorBatch batch = Packed({SequenceOf(1, 14), SequenceOf(2, 17)}, 40);
    const at::Tensor logits = LogitsOf(*small.model, batch.rows)[0];
    const at::Tensor loss = Loss(*small.model, batch);
    torch::autograd::backward({loss}, {});
    const auto add = [&](std::string_view what, double value) {
      text += fmt::format("{} {} {:.6g}\n", variant.name, what, value);
    };
    add("loss", loss.item<double>());
    for (const int64_t token : {0, 97, 258}) {
      add(fmt::format("logit[13][{}]", token), logits[13][token].item<double>());
      add(fmt::format("logit[30][{}]", token), logits[30][token].item<double>());
    }
    for (const Parameter& parameter : small.parameters) {
      if (!parameter.name.starts_with("blk.1.") && !parameter.name.starts_with("token_embd"))
        continue;
      add(fmt::format("gradient({})", parameter.name),
          parameter.value.grad().norm().item<double>());
    }
  }
  return text;
}

// Line by line the same words, and numbers that differ by no more than other machines' rounding.
bool AboutTheSame(std::string_view a, std::string_view b) {
  const auto number = [](std::string_view line) {
    double value = 0;
    line = line.substr(line.rfind(' ') + 1);
    std::from_chars(line.data(), line.data() + line.size(), value);
    return value;
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view one = a.substr(0, a.find('\n')), two = b.substr(0, b.find('\n'));
    if (one.substr(0, one.rfind(' ')) != two.substr(0, two.rfind(' '))) return false;
    if (std::abs(number(one) - number(two)) > 2e-3 * (0.05 + std::abs(number(one)))) return false;
    a.remove_prefix(std::min(one.size() + 1, a.size()));
    b.remove_prefix(std::min(two.size() + 1, b.size()));
  }
  return a.empty() && b.empty();
}

TEST(Golden, LogitsLossAndGradients) {
  constexpr std::string_view kFile = "nn/golden/numbers.txt";
  const std::string numbers = GoldenNumbers();
  const auto stored = ReadFile(SourceFolder() / "tests" / kFile);
  if (stored && AboutTheSame(*stored, numbers)) return;
  EXPECT_TRUE(MatchesGolden(kFile, numbers));
}

}  // namespace
}  // namespace understudy::nn
