// The book of deployments and the sequential test, over simulated exchanges.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/line_reader.h"
#include "flywheel/deploy/evidence.h"
#include "flywheel/deploy/step.h"
#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TinyModel;

constexpr int64_t kBegin = 1'700'000'000'000;

// One exchange of the task "t-1", with a shadow answer of adapter "a" unless `served`.
Exchange Row(int number, VerdictKind verdict, bool served = false) {
  Exchange exchange;
  exchange.id = fmt::format("ex_{}", number);
  exchange.at_ms = kBegin + number;
  exchange.decision = Decision{.task = "t-1", .chosen = served ? "tiny" : "gpt"};
  if (!served) exchange.answers.push_back({.kind = AnswerKind::kReference, .model = "gpt"});
  AnswerRecord answer{
      .kind = served ? AnswerKind::kSlm : AnswerKind::kShadow, .model = "tiny", .deployment = "a"};
  answer.verdict.kind = verdict;
  exchange.answers.push_back(std::move(answer));
  return exchange;
}

DeployRows From(const std::vector<Exchange>& rows) {
  return [&rows](int64_t since_ms, const std::function<bool(Exchange&&)>& each) -> Status {
    for (const Exchange& row : rows) {
      if (row.at_ms >= since_ms && !each(Exchange(row))) break;
    }
    return {};
  };
}

std::vector<Exchange> Stream(int from, int count, double share, uint64_t seed,
                             bool served = false) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution wrong(share);
  std::vector<Exchange> rows;
  for (int i = from; i < from + count; ++i) {
    const VerdictKind bad = served ? VerdictKind::kInvalidArguments : VerdictKind::kDiffers;
    rows.push_back(Row(i, wrong(random) ? bad : VerdictKind::kPass, served));
  }
  return rows;
}

class DeployTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Deployments all;
    all.models.push_back({.name = "tiny", .gguf = "tiny.gguf"});
    all.deployments.push_back(Of("d-1", "a", DeploymentStage::kShadow));
    Write(all);
  }
  static Deployment Of(std::string id, std::string adapter, DeploymentStage stage) {
    return {.id = std::move(id),
            .task = "t-1",
            .model = "tiny",
            .adapter = adapter,
            .adapter_path = adapter + ".gguf",
            .stage = stage,
            .since_ms = kBegin};
  }
  void Write(Deployments all) {
    ASSERT_TRUE(WriteDeployments(DeploymentsPath(folder_.path()), all));
  }
  DeployBook Open() {
    auto book = DeployBook::Open(folder_.path());
    EXPECT_TRUE(book) << book.error().ToString();
    return *std::move(book);
  }
  // A step over these rows, saved; the standing of d-1.
  DeployStanding Step(const std::vector<Exchange>& rows, int64_t now_ms = kBegin + 1'000'000) {
    DeployBook book = Open();
    const auto standings = StepDeployments(book, From(rows), now_ms);
    EXPECT_TRUE(standings) << standings.error().ToString();
    EXPECT_TRUE(book.Save());
    return standings->at(0);
  }
  DeploymentStage StageOf(std::string_view id) { return Open().deployments().Find(id)->stage; }
  std::string Log() { return ReadFile(DeployLogPath(folder_.path())).value_or(""); }

  TempFolder folder_;
};

TEST_F(DeployTest, GoesFromShadowToCanaryToLiveOnceItIsProven) {
  const DeployStanding first = Step(Stream(0, 100, 0, 1));
  EXPECT_FALSE(first.moved_to);
  EXPECT_EQ(first.paired.rows, 100);
  EXPECT_THAT(first.why, HasSubstr("more answers that agree"));
  EXPECT_EQ(Step(Stream(0, 400, 0, 1)).moved_to, DeploymentStage::kCanary);
  EXPECT_EQ(StageOf("d-1"), DeploymentStage::kCanary);

  // The canary counts anew, from the moment it began; and it must have served.
  const int later = 1'000'000;
  auto rows = Stream(later, 400, 0, 2);
  const DeployStanding canary = Step(rows, kBegin + 3'000'000);
  EXPECT_FALSE(canary.moved_to);
  EXPECT_EQ(canary.paired.rows, 400);
  EXPECT_THAT(canary.why, HasSubstr("20 more calls to serve"));
  const auto served = Stream(later + 500, 30, 0, 3, true);
  rows.insert(rows.end(), served.begin(), served.end());
  EXPECT_EQ(Step(rows, kBegin + 3'000'000).moved_to, DeploymentStage::kLive);
  EXPECT_EQ(StageOf("d-1"), DeploymentStage::kLive);
  EXPECT_THAT(Log(), HasSubstr(R"("who":"sequential test","id":"d-1","task":"t-1","from":"shadow")"
                               R"(,"to":"canary","why":"at most 2 % of its answers differ)"));
  EXPECT_THAT(Log(), HasSubstr(R"("from":"canary","to":"live")"));
}

TEST_F(DeployTest, CountsNoExchangeTwiceWhateverTheSteps) {
  const auto rows = Stream(0, 60, 0, 1);
  for (int end = 1; end <= 60; end += 7) {
    (void)Step({rows.begin(), rows.begin() + end});
  }
  EXPECT_EQ(Step(rows).paired.rows, 60);
  EXPECT_EQ(Step(rows).paired.rows, 60);
}

TEST_F(DeployTest, CountsAShadowAnswerThatCameLater) {
  auto rows = Stream(0, 3, 0, 1);
  Exchange late = rows[1];
  rows[1].answers.pop_back();
  EXPECT_EQ(Step(rows).paired.rows, 2);
  rows[1] = late;
  EXPECT_EQ(Step(rows).paired.rows, 3);
}

TEST_F(DeployTest, AnAdapterOfShuffledLabelsIsNeverPromoted) {
  // Answers dealt out among four labels at random: three in four differ.
  const DeployStanding standing = Step(Stream(0, 5000, 0.75, 4));
  EXPECT_EQ(standing.moved_to, DeploymentStage::kRetired);
  EXPECT_LT(standing.paired.rows, 20);
  EXPECT_THAT(standing.why, HasSubstr("more than 2 % of its answers differ"));
  // And it is known that it was not ended by hand, until somebody takes it up again.
  DeployBook book = Open();
  const Deployment one = *book.deployments().Find("d-1");
  EXPECT_TRUE(book.StateOf(one).refuted);
  ASSERT_TRUE(book.Move("d-1", DeploymentStage::kShadow, {"ann", "again"}, kBegin + 9));
  ASSERT_TRUE(book.Move("d-1", DeploymentStage::kRetired, {"ann", "enough"}, kBegin + 10));
  EXPECT_FALSE(book.StateOf(*book.deployments().Find("d-1")).refuted);
}

// 400 adapters whose answers differ just too often, each stepped through 600 answers in pieces, as
// the command would: book, state file and all. (Thousands of streams: e_process_test.cc.)
TEST_F(DeployTest, PromotesWhatIsNotGoodEnoughNoMoreOftenThanPromised) {
  constexpr int kTasks = 400;
  std::mt19937_64 random(5);
  std::bernoulli_distribution wrong(0.02);
  Deployments all;
  all.models.push_back({.name = "tiny", .gguf = "tiny.gguf"});
  for (int i = 0; i < kTasks; ++i) {
    all.deployments.push_back(Of(fmt::format("d-{}", i), "a", DeploymentStage::kShadow));
    all.deployments.back().task = fmt::format("t-{}", i);
  }
  Write(all);
  int promoted = 0;
  for (int piece = 0; piece < 4; ++piece) {
    std::vector<Exchange> rows;
    for (int i = 0; i < 150 * kTasks; ++i) {
      rows.push_back(Row(piece * 150 * kTasks + i,
                         wrong(random) ? VerdictKind::kDiffers : VerdictKind::kPass));
      rows.back().decision->task = fmt::format("t-{}", i % kTasks);
    }
    DeployBook book = Open();
    const auto standings = StepDeployments(book, From(rows), kBegin + 100'000'000);
    ASSERT_TRUE(standings) << standings.error().ToString();
    ASSERT_TRUE(book.Save());
    for (const auto& one : *standings) {
      promoted += one.stage == DeploymentStage::kShadow && one.moved_to == DeploymentStage::kCanary;
    }
  }
  RecordProperty("promoted", promoted);
  EXPECT_LE(promoted, kTasks * (0.05 + 3 * 0.011));
}

TEST_F(DeployTest, ALiveOneThatFailsGoesBackAndWhatItReplacedIsLiveAgain) {
  Deployments all;
  all.models.push_back({.name = "tiny", .gguf = "tiny.gguf"});
  all.deployments = {Of("d-1", "a", DeploymentStage::kCanary),
                     Of("d-0", "z", DeploymentStage::kLive)};
  Write(all);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "z.gguf", "there"));
  {
    DeployBook book = Open();
    ASSERT_TRUE(book.Move("d-1", DeploymentStage::kLive, {"ann", "ready"}, kBegin));
    ASSERT_TRUE(book.Save());
  }
  EXPECT_EQ(StageOf("d-0"), DeploymentStage::kRetired);
  const DeployStanding standing = Step(Stream(0, 300, 0.3, 6, true));
  EXPECT_EQ(standing.moved_to, DeploymentStage::kShadow);
  EXPECT_THAT(standing.why, HasSubstr("fail verification"));
  EXPECT_EQ(StageOf("d-1"), DeploymentStage::kShadow);
  EXPECT_EQ(StageOf("d-0"), DeploymentStage::kLive);
  // After a rollback it takes twice the proof.
  DeployBook book = Open();
  EXPECT_NEAR(book.StateOf(*book.deployments().Find("d-1")).sure(), 0.975, 1e-12);
  EXPECT_THAT(Log(), HasSubstr(R"("id":"d-0","task":"t-1","from":"retired","to":"live")"));
}

TEST_F(DeployTest, OneThatIsProvenBadGoesThoughShadowIsTaken) {
  Deployments all;
  all.models.push_back({.name = "tiny", .gguf = "tiny.gguf"});
  all.deployments = {Of("d-1", "a", DeploymentStage::kLive),
                     Of("d-2", "b", DeploymentStage::kShadow)};
  Write(all);
  EXPECT_EQ(Step(Stream(0, 300, 0.5, 6, true)).moved_to, DeploymentStage::kRetired);
}

TEST_F(DeployTest, APromotionWaitsForTheTasksCanary) {
  Deployments all;
  all.models.push_back({.name = "tiny", .gguf = "tiny.gguf"});
  all.deployments = {Of("d-1", "a", DeploymentStage::kShadow),
                     Of("d-2", "b", DeploymentStage::kCanary)};
  Write(all);
  const DeployStanding standing = Step(Stream(0, 400, 0, 1));
  EXPECT_FALSE(standing.moved_to);
  EXPECT_THAT(standing.why, HasSubstr("canary to end"));
  {
    DeployBook book = Open();
    ASSERT_TRUE(book.Move("d-2", DeploymentStage::kRetired, {"ann", "enough"}, kBegin));
    ASSERT_TRUE(book.Save());
  }
  EXPECT_EQ(Step({}).moved_to, DeploymentStage::kCanary);
}

TEST_F(DeployTest, AFileEditedByHandBeginsToCountAnew) {
  EXPECT_EQ(Step(Stream(0, 50, 0, 1)).paired.rows, 50);
  Deployments all = *LoadDeployments(DeploymentsPath(folder_.path()));
  all.deployments[0].since_ms += 40;
  Write(all);
  EXPECT_EQ(Step(Stream(0, 50, 0, 1)).paired.rows, 10);
}

TEST_F(DeployTest, ABrokenStateSaysHowToMend) {
  ASSERT_TRUE(WriteFileAtomically(DeployStatePath(folder_.path()),
                                  R"({"v":1,"deployments":{"d-1":{"stage":"shadow","worse":2}}})"));
  const auto book = DeployBook::Open(folder_.path());
  ASSERT_FALSE(book);
  EXPECT_THAT(book.error().ToString(), HasSubstr("deployments.state.json"));
  EXPECT_THAT(book.error().mend, HasSubstr("Move it away"));
}

TEST_F(DeployTest, OneAtATime) {
  const DeployBook book = Open();
  const auto second = DeployBook::Open(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
}

TEST_F(DeployTest, StartChecksTheAdapterAgainstTheModel) {
  Options options;
  options.workspace = folder_.string();
  DeployBook book = Open();
  DeployStart start{.task = "t-2",
                    .model = "new",
                    .adapter = "t-2-v1",
                    .adapter_path = TinyModel().adapter_a,
                    .gguf = TinyModel().model};
  const auto one = book.Start(start, options, "ann", kBegin);
  ASSERT_TRUE(one) << one.error().ToString();
  EXPECT_EQ(one->stage, DeploymentStage::kShadow);
  EXPECT_EQ(book.deployments().models.size(), 2u);
  EXPECT_EQ(book.steps().size(), 1u);

  start.adapter_path = TinyModel().model;  // a model is no adapter
  start.task = "t-3";
  const auto wrong = book.Start(start, options, "ann", kBegin);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalidInput);
  start.adapter_path = "nowhere.gguf";
  EXPECT_FALSE(book.Start(start, options, "ann", kBegin));
  start.adapter_path = TinyModel().adapter_b;
  start.task = "t-2";
  const auto second = book.Start(start, options, "ann", kBegin);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().ToString(), HasSubstr("is shadow for task t-2 already"));
  start.router = "router.json";
  EXPECT_EQ(book.Start(start, options, "ann", kBegin).error().kind, ErrorKind::kNotFound);
  start.router.clear();
  start.promise.sure = 1;
  EXPECT_FALSE(book.Start(start, options, "ann", kBegin));
  start.promise = {};
  start.model = "unknown";
  start.gguf.clear();
  const auto unknown = book.Start(start, options, "ann", kBegin);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().ToString(), HasSubstr("--gguf"));
  EXPECT_EQ(book.deployments().deployments.size(), 2u);
}

TEST_F(DeployTest, AnAdapterFromARunGetsAHomeThatOutlivesTheRun) {
  Options options;
  options.workspace = folder_.string();
  const fs::path run = folder_ / "runs/tune/1/adapter.gguf";
  DeployStart start{
      .task = "t-2", .model = "new", .adapter_path = run, .adopt = true, .gguf = TinyModel().model};
  const auto begin = [&](const fs::path& adapter) {
    fs::create_directories(run.parent_path());
    fs::copy_file(adapter, run, fs::copy_options::overwrite_existing);
    DeployBook book = Open();
    const auto one = book.Start(start, options, "ann", kBegin);
    EXPECT_TRUE(one) << one.error().ToString();
    EXPECT_TRUE(book.Move(one->id, DeploymentStage::kLive, {"ann", "good"}, kBegin));
    EXPECT_TRUE(book.Save());
    fs::remove_all(folder_ / "runs");
    return *one;
  };
  const Deployment first = begin(TinyModel().adapter_a), second = begin(TinyModel().adapter_b);
  EXPECT_EQ(first.adapter, "t-2-v1");
  EXPECT_EQ(first.adapter_path, "adapters/t-2/v1/adapter.gguf");
  EXPECT_EQ(second.adapter_path, "adapters/t-2/v2/adapter.gguf");
  EXPECT_EQ(StageOf(first.id), DeploymentStage::kRetired);
  // The run is gone, and there is something to go back to.
  DeployBook book = Open();
  ASSERT_TRUE(book.Move(second.id, DeploymentStage::kShadow, {"ann", "bad"}, kBegin + 1));
  ASSERT_TRUE(book.Save());
  EXPECT_EQ(book.deployments().Find(first.id)->stage, DeploymentStage::kLive);
  EXPECT_TRUE(fs::exists(folder_ / first.adapter_path));
  EXPECT_TRUE(WithDeployments(options, book.deployments()));
}

TEST_F(DeployTest, WhatCannotServeIsNotTakenOver) {
  Options options;
  options.workspace = folder_.string();
  DeployBook book = Open();
  DeployStart start{.task = "t-1",
                    .model = "new",
                    .adapter_path = TinyModel().adapter_b,
                    .adopt = true,
                    .gguf = TinyModel().model};
  EXPECT_FALSE(book.Start(start, options, "ann", kBegin));  // t-1 has one in shadow
  start.task = "t-2";
  start.adapter_path = TinyModel().model;
  EXPECT_FALSE(book.Start(start, options, "ann", kBegin));
  start.adapter_path = "runs/gone/adapter.gguf";
  EXPECT_EQ(book.Start(start, options, "ann", kBegin).error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(folder_ / "adapters"));
}

TEST(Evidence, IsWhatTheAdapterIsToBlameFor) {
  const Deployment one{.task = "t-1", .model = "tiny", .adapter = "a"};
  const auto error = [&](const Exchange& row) -> std::optional<bool> {
    const auto evidence = EvidenceOf(row, one);
    if (!evidence) return std::nullopt;
    return evidence->error;
  };
  EXPECT_EQ(error(Row(1, VerdictKind::kPass)), false);
  EXPECT_EQ(error(Row(1, VerdictKind::kDiffers)), true);
  EXPECT_EQ(error(Row(1, VerdictKind::kInvalidJson)), true);
  EXPECT_EQ(error(Row(1, VerdictKind::kLowConfidence)), std::nullopt);
  EXPECT_EQ(error(Row(1, VerdictKind::kUnchecked)), std::nullopt);
  Exchange failed = Row(1, VerdictKind::kError);
  failed.answers[1].error = "unavailable: tiny is not ready";
  EXPECT_EQ(error(failed), std::nullopt);
  failed.answers[1].error = "timeout: it took too long";
  EXPECT_EQ(error(failed), true);
  EXPECT_TRUE(EvidenceOf(Row(1, VerdictKind::kPass), one)->paired);
  EXPECT_FALSE(EvidenceOf(Row(1, VerdictKind::kPass, true), one)->paired);

  Exchange other = Row(1, VerdictKind::kPass);
  other.decision->task = "t-2";
  EXPECT_EQ(error(other), std::nullopt);
  Exchange held_back = Row(1, VerdictKind::kDiffers);
  held_back.decision->candidates = {
      {.model = "tiny", .deployment = "a", .probability = 0.4, .threshold = 0.9}};
  EXPECT_EQ(error(held_back), std::nullopt);
  held_back.decision->candidates[0].probability = 0.95;
  EXPECT_EQ(error(held_back), true);
}

}  // namespace
}  // namespace understudy
