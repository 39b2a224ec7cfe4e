// Pretraining from end to end, a few steps of a recipe of the smallest kind.
#include "nn/pretrain.h"

#include "base/file.h"
#include "gguf/model_meta.h"
#include "nn/base_data.h"
#include "nn/recipe.h"
#include "nn/small_models.h"

namespace understudy::nn {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRecipe = R"(name = "test"
seed = 3
vocabulary_examples = 150
[model]
layers = "MA"
vocabulary = 600
context = 512
width = 32
feed_forward = 64
heads = 2
kv_heads = 1
head_size = 16
rotary = false
ssm_inner = 64
ssm_heads = 4
ssm_state = 16
[data]
families = "label=1,copy=1"
max_chars = 600
[schedule]
rows = 2
time = 256
tokens = 16000
warm_up = 4
evaluate_steps = 10
evaluate_examples = 8
[optimizer]
lr = 0.01
)";

class PretrainTest : public ::testing::Test {
 protected:
  void SetUp() override { Write(kRecipe); }
  void Write(std::string_view recipe) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "recipe.toml", recipe).has_value());
  }
  PretrainOptions Options() const {
    PretrainOptions options;
    options.recipe = folder_ / "recipe.toml";
    options.out = folder_ / "out";
    options.threads = 1;
    options.precision = "f32";
    return options;
  }
  // Stops after `steps`. Says what went wrong.
  std::string Go(const PretrainOptions& options, int64_t steps = 1 << 30) {
    int64_t asked = 0;
    const auto ended = Pretrain(
        options, [&](const PretrainProgress& progress) { progress_.push_back(progress); },
        [&] { return asked++ >= steps; });
    return ended ? "" : ended.error().ToString();
  }
  uint64_t Step(std::string_view file) const {
    const auto opened = GgufFile::Open(folder_ / "out" / file);
    return opened ? opened->Unsigned("understudy.pretrain.step").value_or(0) : 0;
  }
  std::string ReadingRecipe(std::string_view change, std::string_view to) {
    std::string text(kRecipe);
    const size_t at = text.find(change);
    EXPECT_NE(at, text.npos) << change;
    Write(text.replace(at, change.size(), to));
    const auto read = ReadRecipe(folder_ / "recipe.toml");
    return read ? "fine" : read.error().ToString();
  }

  TempFolder folder_;
  std::vector<PretrainProgress> progress_;
};

TEST_F(PretrainTest, StopsAndGoesOnAndEnds) {
  ASSERT_EQ(Go(Options(), 5), "");
  EXPECT_EQ(Step("test.checkpoint.gguf"), 5U);
  EXPECT_EQ(Step("test.gguf"), 5U);
  EXPECT_THAT(Go(Options()), HasSubstr("--resume"));

  PretrainOptions more = Options();
  more.resume = true;
  ASSERT_EQ(Go(more, 4), "");
  EXPECT_EQ(Step("test.checkpoint.gguf"), 9U);

  ASSERT_EQ(Go(more), "");
  const uint64_t last = Step("test.gguf");
  EXPECT_GT(last, 12U);
  EXPECT_GE(progress_.back().tokens, 16000);
  EXPECT_LT(Step("test.checkpoint.gguf"), last) << "it is of before the cool-down";
  double late = 0;  // the mean: one step's loss depends on what it held
  for (size_t i = progress_.size() - 6; i < progress_.size(); ++i) late += progress_.at(i).loss / 6;
  EXPECT_LT(late, 0.93 * std::log(600)) << "no better than guessing among the vocabulary";

  const auto picture = ReadFile(folder_ / "out" / "test.svg");
  ASSERT_TRUE(picture.has_value());
  EXPECT_THAT(*picture, HasSubstr("<polyline")) << "of both runs' reports";
  const auto log = ReadFile(folder_ / "out" / "test.log.jsonl");
  ASSERT_TRUE(log.has_value());
  EXPECT_THAT(*log, HasSubstr("\"held_out\":\""));
}

TEST_F(PretrainTest, LessonsComeBeforeTheMixture) {
  Write(std::string(kRecipe) + R"(
[[lesson]]
examples = 512
families = "repeat=1"
[[lesson]]
examples = 512
families = "math=1"
)");
  auto recipe = ReadRecipe(folder_ / "recipe.toml");
  ASSERT_TRUE(recipe.has_value()) << recipe.error().ToString();
  recipe->vocabulary_examples = 500;
  auto data = BaseData::Open(*recipe, "");
  ASSERT_TRUE(data.has_value());
  auto vocabulary = data->Learn();
  ASSERT_TRUE(vocabulary.has_value());
  auto tokenizer = Tokenizer::FromVocabulary(*vocabulary);
  ASSERT_TRUE(tokenizer.has_value());
  data->set_tokenizer(ChatTokenizer(std::move(*tokenizer)));
  const auto tokens = [&](uint64_t window) {
    int64_t count = 0;
    for (const auto& batch : data->MakeWindow(window).batches) {
      for (const PackedRow& row : batch) count += std::ssize(row.tokens);
    }
    return count;
  };
  recipe->lessons.clear();
  auto mixture = BaseData::Open(*recipe, "");
  ASSERT_TRUE(mixture.has_value());
  mixture->set_tokenizer(ChatTokenizer(*Tokenizer::FromVocabulary(*vocabulary)));
  EXPECT_NE(data->MakeWindow(0).batches[0][0].tokens, mixture->MakeWindow(0).batches[0][0].tokens);
  EXPECT_NE(data->MakeWindow(1).batches[0][0].tokens, mixture->MakeWindow(1).batches[0][0].tokens);
  EXPECT_EQ(data->MakeWindow(2).batches[0][0].tokens, mixture->MakeWindow(2).batches[0][0].tokens);
  EXPECT_GT(tokens(0), 0);
}

TEST_F(PretrainTest, LessonsAreChecked) {
  const auto reading = [&](std::string_view lesson) {
    Write(std::string(kRecipe) + std::string(lesson));
    const auto read = ReadRecipe(folder_ / "recipe.toml");
    return read ? "fine" : read.error().ToString();
  };
  EXPECT_THAT(reading("[lesson]\nexamples = 1\n"), HasSubstr("[[lesson]]"));
  EXPECT_THAT(reading("[[lesson]]\nexamples = 1\n"), HasSubstr("lesson 1.families is missing"));
  EXPECT_THAT(reading("[[lesson]]\nfamilies = \"copy=1\"\n"), HasSubstr("lesson 1.examples"));
  EXPECT_THAT(reading("[[lesson]]\nexample = 1\n"), HasSubstr("example"));
}

TEST_F(PretrainTest, TheModelIsOneThatCanBeServedAndTrained) {
  ASSERT_EQ(Go(Options(), 2), "");
  const auto file = GgufFile::Open(folder_ / "out" / "test.gguf");
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  const auto meta = ReadModelMeta(*file);
  ASSERT_TRUE(meta.has_value()) << meta.error().ToString();
  EXPECT_EQ(meta->name, "test");
  EXPECT_EQ(meta->architecture, "granitehybrid");
  EXPECT_EQ(file->FindTensor("token_embd.weight")->type, TensorType::kBF16);
  const auto config = ReadModelConfig(*file);
  ASSERT_TRUE(config.has_value()) << config.error().ToString();
  EXPECT_FALSE(config->rotary);
  FileSource source(*file);
  EXPECT_TRUE(LanguageModel::Make(*config, source).has_value());
}

TEST_F(PretrainTest, ARunThatWasStoppedGoesOnAsIfItHadNot) {
  ASSERT_EQ(Go(Options(), 6), "");
  PretrainOptions parts = Options();
  parts.out = folder_ / "parts";
  ASSERT_EQ(Go(parts, 2), "");
  parts.resume = true;
  ASSERT_EQ(Go(parts, 4), "");
  const auto whole = GgufFile::Open(folder_ / "out" / "test.checkpoint.gguf");
  const auto resumed = GgufFile::Open(folder_ / "parts" / "test.checkpoint.gguf");
  ASSERT_TRUE(whole.has_value() && resumed.has_value());
  for (const GgufTensor& tensor : whole->tensors()) {
    const GgufTensor* other = resumed->FindTensor(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(other->bytes, tensor.bytes) << tensor.name;
  }
}

TEST_F(PretrainTest, BeginsWithAnotherModelsWeights) {
  ASSERT_EQ(Go(Options(), 3), "");
  PretrainOptions from = Options();
  from.from = folder_ / "out" / "test.gguf";
  from.out = folder_ / "second";
  progress_.clear();
  ASSERT_EQ(Go(from, 1), "");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "second" / "test.gguf"));
}

TEST_F(PretrainTest, RowsTooShortForAnyExampleAreAnErrorAndNoEndlessSearch) {
  ASSERT_EQ(ReadingRecipe("time = 256", "time = 64"), "fine");
  std::string text(kRecipe);
  text.replace(text.find("time = 256"), 10, "time = 64");
  text.replace(text.find("vocabulary = 600"), 16, "vocabulary = 265");
  text.replace(text.find("label=1,copy=1"), 14, "tool_call=1");
  text.replace(text.find("max_chars = 600"), 15, "max_chars = 9000");
  Write(text);
  EXPECT_THAT(Go(Options(), 3), HasSubstr("schedule.time = 64"));
}

TEST_F(PretrainTest, MistakesInARecipeAreNamed) {
  EXPECT_EQ(ReadingRecipe("seed = 3", "seed = 4"), "fine");
  EXPECT_THAT(ReadingRecipe("seed = 3", "sead = 3"), HasSubstr("sead is no key of a recipe"));
  EXPECT_THAT(ReadingRecipe("width = 32", "wide = 32"), HasSubstr("model.wide"));
  EXPECT_THAT(ReadingRecipe("warm_up = 4", "warm_up = \"four\""), HasSubstr("schedule.warm_up"));
  EXPECT_THAT(ReadingRecipe("layers = \"MA\"", "layers = \"MX\""), HasSubstr("model.layers"));
  EXPECT_THAT(ReadingRecipe("[data]", "[dada]"), HasSubstr("dada"));
  EXPECT_THAT(ReadingRecipe("name = \"test\"", ""), HasSubstr("name is missing"));
  EXPECT_THAT(ReadingRecipe("ssm_heads = 4", "ssm_heads = 5"), HasSubstr("time_step_rank"));
  EXPECT_THAT(ReadingRecipe("seed = 3", "seed = = 3"), HasSubstr("recipe.toml:2"));
  EXPECT_THAT(ReadingRecipe("seed = 3", "seed = -3"), HasSubstr("seed"));
}

}  // namespace
}  // namespace understudy::nn
