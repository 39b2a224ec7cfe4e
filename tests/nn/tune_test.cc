// LoRA training from end to end, on a base so small that a run takes less than a second.
#include "nn/tune.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>

#include "adapter/adapter_registry.h"
#include "adapter/lora_gguf.h"
#include "base/file.h"
#include "gguf/adapter_check.h"
#include "nn/small_models.h"
#include "nn/tune_checkpoint.h"

namespace understudy::nn {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kBase = "granitehybrid";

// "say w7" is answered with "w7".
std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += fmt::format(
        R"({{"messages":[{{"role":"user","content":"say w{0}"}},{{"role":"assistant","content":"w{0}"}}]}})"
        "\n",
        i);
  }
  return lines;
}

class TuneTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteSmall(VariantNamed(kBase), MakeSmall(VariantNamed(kBase)), TensorType::kF32,
               folder_ / "base.gguf");
    Write("data.jsonl", Lines(60));
  }
  void Write(std::string_view name, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, text).has_value());
  }
  TuneOptions Options(std::string_view out) const {
    TuneOptions options;
    options.base = folder_ / "base.gguf";
    options.data = folder_ / "data.jsonl";
    options.out = folder_ / out;
    options.task = "say";
    options.rank = 4;
    options.alpha = 8;
    options.lr = 1e-2;
    options.epochs = 6;
    options.batch_tokens = 512;
    options.threads = 1;
    options.precision = "f32";
    return options;
  }

  struct Run {
    Result<TuneResult> result = Fail(InternalError("not run"));
    std::vector<TuneProgress> progress;
    TunePlan plan;
    std::string error() const { return result ? "" : result.error().ToString(); }
  };
  // Stops before step `stop_at`.
  static Run Go(const TuneOptions& options, int64_t stop_at = 1 << 30) {
    Run run;
    int64_t asked = 0;
    run.result = Tune(options, {.planned = [&](const TunePlan& plan) { run.plan = plan; },
                                .progress = [&](const auto& p) { run.progress.push_back(p); },
                                .stop = [&] { return asked++ >= stop_at; }});
    return run;
  }
  // Steps after which it was validated.
  static std::vector<int64_t> Validated(const Run& run) {
    std::vector<int64_t> steps;
    for (const TuneProgress& progress : run.progress) {
      if (progress.validated) steps.push_back(progress.step);
    }
    return steps;
  }
  std::string AdapterBytes(std::string_view out) const {
    const auto bytes = ReadFile(folder_ / out / kAdapterFile);
    return bytes ? *bytes : bytes.error().ToString();
  }
  LoraAdapter ReadAdapter(std::string_view out) const {
    const auto file = GgufFile::Open(folder_ / out / kAdapterFile);
    EXPECT_TRUE(file.has_value()) << file.error().ToString();
    auto adapter = file ? ReadLoraGguf(*file) : Result<LoraAdapter>(LoraAdapter{});
    EXPECT_TRUE(adapter.has_value());
    return adapter ? *std::move(adapter) : LoraAdapter{};
  }

  TempFolder folder_;
};

TEST_F(TuneTest, LearnsAndLeavesAnAdapterThatFitsItsBase) {
  const Run run = Go(Options("out"));
  ASSERT_TRUE(run.result.has_value()) << run.error();
  EXPECT_EQ(run.result->ended, "epochs");
  EXPECT_EQ(run.result->folder, (folder_ / "out").string());
  EXPECT_EQ(run.result->steps, run.plan.steps);
  EXPECT_EQ(run.plan.targets, 17);
  ASSERT_GT(run.progress.size(), 6U);
  EXPECT_LT(run.progress.back().loss, 0.7 * run.progress.front().loss);
  const auto validated = [](const TuneProgress& p) { return p.validated; };
  EXPECT_GE(std::ranges::count_if(run.progress, validated), 6);
  EXPECT_TRUE(run.progress.back().validated);
  EXPECT_EQ(run.progress.back().valid_total, 20);

  const auto base = GgufFile::Open(folder_ / "base.gguf");
  const auto adapter = GgufFile::Open(folder_ / "out" / kAdapterFile);
  ASSERT_TRUE(base.has_value() && adapter.has_value());
  const auto summary = CheckAdapter(*base, *adapter);
  ASSERT_TRUE(summary.has_value()) << summary.error().ToString();
  EXPECT_EQ(static_cast<int64_t>(summary->parameters), run.plan.parameters);
  EXPECT_EQ(summary->most_rank, 4U);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out" / kManifestFile));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out" / kTuneCheckpoint)) << "it is done";
}

TEST_F(TuneTest, ARunThatWasStoppedGoesOnAsIfItHadNot) {
  TuneOptions whole = Options("whole"), parts = Options("parts");
  whole.dropout = parts.dropout = 0.2;
  const Run through = Go(whole);
  ASSERT_TRUE(through.result.has_value()) << through.error();
  // Stopped twice, the second time between two validations.
  Run part = Go(parts, 2);
  parts.resume = true;
  std::vector<int64_t> validated;
  for (const int64_t stop_at : {5, 1 << 30}) {
    ASSERT_TRUE(part.result.has_value()) << part.error();
    EXPECT_TRUE(part.result->stopped);
    EXPECT_EQ(part.result->folder, "");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "parts" / kTuneCheckpoint));
    std::ranges::copy(Validated(part), std::back_inserter(validated));
    part = Go(parts, stop_at);
  }
  ASSERT_TRUE(part.result.has_value()) << part.error();
  EXPECT_EQ(part.progress.front().step, 8);
  EXPECT_EQ(part.result->steps, through.result->steps);
  std::ranges::copy(Validated(part), std::back_inserter(validated));
  EXPECT_EQ(validated, Validated(through));
  EXPECT_EQ(AdapterBytes("parts"), AdapterBytes("whole"));
}

// GoogleTest runs suites of such a name first, while the process has no threads that a fork would
// lose.
using TuneDeathTest = TuneTest;

// The process dies without a word some steps after its checkpoint.
TEST_F(TuneDeathTest, ARunThatWasKilledGoesOnFromItsCheckpoint) {
  TuneOptions whole = Options("whole"), parts = Options("parts");
  whole.epochs = parts.epochs = 3;
  ASSERT_EQ(Go(whole).error(), "");
  ASSERT_EQ(Go(parts, 3).error(), "");
  parts.resume = true;
  const auto die = [&] {
    (void)Tune(parts, {.planned = [](const TunePlan&) {},
                       .progress =
                           [](const TuneProgress& progress) {
                             if (progress.step == 6) ::raise(SIGKILL);
                           },
                       .stop = [] { return false; }});
  };
  EXPECT_EXIT(die(), ::testing::KilledBySignal(SIGKILL), "");
  const Run rest = Go(parts);
  ASSERT_TRUE(rest.result.has_value()) << rest.error();
  EXPECT_EQ(rest.progress.front().step, 4);
  EXPECT_EQ(AdapterBytes("parts"), AdapterBytes("whole"));
}

TEST_F(TuneTest, ACheckpointOfOtherSettingsOrDataIsRefused) {
  ASSERT_TRUE(Go(Options("out"), 1).result.has_value());
  TuneOptions other = Options("out");
  other.resume = true;
  other.lr = 3e-3;
  EXPECT_THAT(Go(other).error(), HasSubstr("other data or settings"));
  other.lr = Options("out").lr;
  Write("data.jsonl", Lines(61));
  EXPECT_THAT(Go(other).error(), HasSubstr("other data or settings"));
  Write("data.jsonl", Lines(60));
  EXPECT_EQ(Go(other, 1).error(), "");
}

TEST_F(TuneTest, ABrokenCheckpointIsAnErrorThatNamesIt) {
  ASSERT_TRUE(Go(Options("out"), 1).result.has_value());
  TuneOptions options = Options("out");
  options.resume = true;
  const auto path = folder_ / "out" / kTuneCheckpoint;
  const auto bytes = ReadFile(path);
  ASSERT_TRUE(bytes.has_value());
  ASSERT_TRUE(WriteFileAtomically(path, bytes->substr(0, bytes->size() / 2)).has_value());
  EXPECT_THAT(Go(options).error(), HasSubstr("checkpoint.gguf"));
}

TEST_F(TuneTest, ADryRunCountsAndWritesNothing) {
  TuneOptions options = Options("out");
  options.dry_run = true;
  const Run run = Go(options);
  ASSERT_TRUE(run.result.has_value()) << run.error();
  EXPECT_GT(run.plan.steps, 0);
  EXPECT_GT(run.plan.tokens_per_s, 0);
  EXPECT_TRUE(run.progress.empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(TuneTest, WithoutStepsTheAdapterChangesNothing) {
  TuneOptions options = Options("out");
  options.lr = 1e-30;
  options.epochs = 1;
  ASSERT_EQ(Go(options).error(), "");
  for (const LoraTensor& tensor : ReadAdapter("out").tensors) {
    for (const float value : tensor.b) EXPECT_LT(std::abs(value), 1e-20) << tensor.base_name;
  }
}

TEST_F(TuneTest, EndsWhenItsMinutesAreOver) {
  TuneOptions options = Options("out");
  options.epochs = 100000;
  options.minutes = 0.05;
  const Run run = Go(options);
  ASSERT_TRUE(run.result.has_value()) << run.error();
  EXPECT_THAT(run.result->ended, ::testing::AnyOf("minutes", HasSubstr("no better")));
  EXPECT_LT(run.result->steps, run.plan.steps);
  if (run.progress.size() < 4) GTEST_SKIP() << "too busy a machine: the minutes held few steps";
  const auto highest = std::ranges::max_element(run.progress, {}, &TuneProgress::rate);
  EXPECT_LT(run.progress.back().rate, highest->rate) << "the rate falls by the minutes, too";
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out" / kAdapterFile));
}

TEST_F(TuneTest, AnAbsurdRateNeverLeavesAnAdapterThatIsNoNumbers) {
  for (const double lr : {1.0, 1e30}) {
    TuneOptions options = Options("out");
    options.lr = lr;
    const Run run = Go(options);
    if (!run.result) {
      EXPECT_THAT(run.error(), HasSubstr("--lr"));
      EXPECT_FALSE(std::filesystem::exists(folder_ / "out" / kAdapterFile));
      continue;
    }
    for (const LoraTensor& tensor : ReadAdapter("out").tensors) {
      const auto finite = [](float value) { return std::isfinite(value); };
      EXPECT_TRUE(std::ranges::all_of(tensor.a, finite) && std::ranges::all_of(tensor.b, finite));
    }
    std::filesystem::remove_all(folder_ / "out");
  }
}

TEST_F(TuneTest, DataThatCannotBeUsedIsNamed) {
  TuneOptions options = Options("out");
  options.data = folder_ / "nowhere.jsonl";
  EXPECT_THAT(Go(options).error(), HasSubstr("nowhere.jsonl"));
  for (const auto& [text, said] : {std::pair<std::string, std::string>{"", "empty.jsonl"},
                                   {"no json\nnor this\n", "JSON"},
                                   {R"({"messages":[{"role":"user","content":"x"}]})"
                                    "\n",
                                    "must end with an assistant's message"}}) {
    Write("empty.jsonl", text);
    options.data = folder_ / "empty.jsonl";
    const std::string error = Go(options).error();
    EXPECT_NE(error, "") << text;
    EXPECT_THAT(error, HasSubstr(said));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(TuneTest, ABaseThatIsNoneIsNamed) {
  TuneOptions options = Options("out");
  options.base = folder_ / "data.jsonl";
  EXPECT_THAT(Go(options).error(), HasSubstr("data.jsonl"));
  options.base = folder_ / "nowhere.gguf";
  EXPECT_THAT(Go(options).error(), HasSubstr("nowhere.gguf"));
}

TEST_F(TuneTest, AQuantizedBaseLearnsToo) {
  WriteSmall(VariantNamed(kBase), MakeSmall(VariantNamed(kBase)), TensorType::kQ8_0,
             folder_ / "base.gguf");
  const Run run = Go(Options("out"));
  ASSERT_TRUE(run.result.has_value()) << run.error();
  EXPECT_LT(run.progress.back().loss, 0.7 * run.progress.front().loss);
}

TEST_F(TuneTest, IntoAWorkspaceItIsANewVersion) {
  TuneOptions options = Options("");
  options.out = "";
  options.workspace = folder_ / "workspace";
  options.epochs = 1;
  for (const std::string_view version : {"v1", "v2"}) {
    const Run run = Go(options);
    ASSERT_TRUE(run.result.has_value()) << run.error();
    EXPECT_EQ(std::filesystem::path(run.result->folder).filename(), version);
  }
}

}  // namespace
}  // namespace understudy::nn
