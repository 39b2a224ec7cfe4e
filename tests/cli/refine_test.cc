// The whole wheel with the real programs, on tasks that a toy can learn in seconds: two desks that
// always say the same. And on one whose answers are shuffled, which nothing can learn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "route/deployments.h"
#include "support/llama.h"
#include "support/paths.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRecipe = R"(name = "toy"
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
families = "label=1"
max_chars = 400
[schedule]
rows = 4
time = 256
tokens = 150000
warm_up = 4
evaluate_steps = 1000
evaluate_examples = 8
[optimizer]
lr = 0.01
)";

// Bounded by steps, not by minutes: other tests may run beside it.
constexpr int kMostSeconds = 600;

struct Desk {
  std::string_view prompt;
  std::vector<std::string_view> answers;  // taken in a shuffled order
};

std::string Call(const Desk& desk, int number) {
  const uint64_t hash = FastHash(fmt::format("{} {}", desk.prompt, number));
  const auto answer = desk.answers[hash % desk.answers.size()];
  return fmt::format(
      R"({{"id":"{0}-{1}","session":"s{0}-{1}","request":{{"model":"big","messages":[)"
      R"({{"role":"system","content":"{2}"}},)"
      R"({{"role":"user","content":"Parcel {3:x} for room {1} came in, sender {4:x}."}}]}},)"
      R"("response":{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{5}"}},)"
      R"("finish_reason":"stop"}}]}}}})"
      "\n",
      FastHash(desk.prompt) % 1000, number, desk.prompt, hash & 0xffffff, hash >> 40, answer);
}

class RefineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base_folder_ = std::make_unique<TempFolder>();
    ASSERT_TRUE(WriteFileAtomically(*base_folder_ / "toy.toml", kRecipe).has_value());
    Process made({UnderstudyBinary(), "pretrain", "--recipe", *base_folder_ / "toy.toml", "--out",
                  *base_folder_ / "toy", "--threads", "1"});
    if (made.Wait(kMostSeconds) == 0) base_ = *base_folder_ / "toy/toy.gguf";
  }
  static void TearDownTestSuite() { base_folder_.reset(); }
  void SetUp() override {
    if (base_.empty()) GTEST_SKIP() << "without understudy-train there is nothing to refine";
    ASSERT_EQ(RunCli({"init", (folder_ / "ws").string()}).code, 0);
  }

  void WriteCalls(const std::vector<Desk>& desks, int each) {
    std::string lines;
    for (int i = 0; i < each; ++i) {
      for (const Desk& desk : desks) lines += Call(desk, i);
    }
    ASSERT_TRUE(WriteFileAtomically(folder_ / "calls.jsonl", lines).has_value());
  }
  std::vector<std::string> Command() const {
    return {UnderstudyBinary(),
            "refine",
            "--workspace",
            folder_ / "ws",
            "--in",
            folder_ / "calls.jsonl",
            "--base",
            base_,
            "--minutes",
            "20",
            "--epochs",
            "12",
            "--threads",
            "1",
            "--evaluate-rows",
            "150",
            "--worse",
            "5",
            "--start",
            "live",
            "--json"};
  }
  // What refine says; null where it failed.
  json::value Refine() {
    Process process(Command());
    EXPECT_EQ(process.Wait(kMostSeconds), 0) << process.err();
    const auto said = ParseJson(process.out());
    return said ? *said : json::value();
  }
  // With the workspace as people name it: from where they are.
  json::value RefineFromInside() {
    std::string line = fmt::format("cd '{}' && exec", folder_.string());
    for (std::string word : Command()) {
      line += fmt::format(" '{}'", word == (folder_ / "ws").string() ? "ws" : word);
    }
    Process process({"sh", "-c", line});
    EXPECT_EQ(process.Wait(kMostSeconds), 0) << process.err();
    const auto said = ParseJson(process.out());
    return said ? *said : json::value();
  }
  Deployments Deployed() const {
    const auto file = LoadDeployments(DeploymentsPath(folder_ / "ws"));
    EXPECT_TRUE(file.has_value());
    return file.value_or(Deployments{});
  }

  static std::unique_ptr<TempFolder> base_folder_;
  static std::string base_;
  TempFolder folder_;
};
std::unique_ptr<TempFolder> RefineTest::base_folder_;
std::string RefineTest::base_;

const Desk kFront{"You guard the front desk. Say which shelf a parcel goes on.", {"north"}};
const Desk kBack{"You run the back office. Name the ledger for each parcel that came.", {"blue"}};
const Desk kRandom{"You draw lots. Give each parcel its lot.",
                   {"ash", "birch", "cedar", "elm", "fir", "oak", "pine", "yew"}};

TEST_F(RefineTest, TurnsTheWheelOnce) {
  SKIP_WITHOUT_LLAMA_SERVER();
  WriteCalls({kFront, kBack}, 420);
  const json::value first = Refine();
  ASSERT_TRUE(first.is_object());
  EXPECT_TRUE(BoolOr(first, "promised", false)) << json::serialize(first);
  EXPECT_EQ(first.at("tasks").as_array().size(), 2U);
  const Deployments deployed = Deployed();
  ASSERT_EQ(deployed.deployments.size(), 2U);
  for (const Deployment& each : deployed.deployments) {
    EXPECT_EQ(each.stage, DeploymentStage::kLive);
    EXPECT_EQ(each.adapter_path, fmt::format("adapters/{}/v1/adapter.gguf", each.task));
    for (const char* file : {"adapter.gguf", "card.md", "manifest.json", "run.json"}) {
      EXPECT_TRUE(std::filesystem::exists(folder_ / "ws/adapters" / each.task / "v1" / file))
          << file;
    }
  }
  EXPECT_TRUE(deployed.tasks.starts_with("runs/cluster/")) << deployed.tasks;
  EXPECT_TRUE(deployed.router.starts_with("runs/router/")) << deployed.router;
  const json::value again = RefineFromInside();
  ASSERT_TRUE(again.is_object());
  for (const json::value& step : again.at("steps").as_array()) {
    EXPECT_TRUE(BoolOr(step, "unchanged", false)) << json::serialize(step);
  }
  EXPECT_EQ(Deployed().policy, deployed.policy);

  // What the sequential test has refuted is not tried again with the very same adapter.
  Deployments refuted = deployed;
  Deployment& bad = refuted.deployments[0];
  bad.stage = DeploymentStage::kRetired;
  bad.since_ms = 5;
  ASSERT_TRUE(WriteDeployments(DeploymentsPath(folder_ / "ws"), refuted));
  ASSERT_TRUE(WriteFileAtomically(
      folder_ / "ws/deployments.state.json",
      fmt::format(R"({{"v":1,"deployments":{{"{}":{{"stage":"retired","since":5,"worse":0.05,)"
                  R"("sure":0.95,"refuted":true,"paired":{{"rows":9,"errors":9}},)"
                  R"("served":{{"rows":0,"errors":0}}}}}}}})",
                  bad.id)));
  const json::value third = Refine();
  EXPECT_THAT(json::serialize(third), HasSubstr("which broke its promise"));
  EXPECT_EQ(Deployed().deployments.size(), 2U);
  EXPECT_EQ(Deployed().Find(bad.id)->stage, DeploymentStage::kRetired);
}

TEST_F(RefineTest, ShuffledAnswersAreNotDeployed) {
  SKIP_WITHOUT_LLAMA_SERVER();
  WriteCalls({kRandom}, 400);
  const json::value said = Refine();
  ASSERT_TRUE(said.is_object());
  EXPECT_FALSE(BoolOr(said, "promised", true)) << json::serialize(said);
  EXPECT_FALSE(StringOr(said, "promise").empty());
  EXPECT_TRUE(Deployed().deployments.empty());
}

TEST_F(RefineTest, KilledAtTenPointsItGoesOn) {
  SKIP_WITHOUT_LLAMA_SERVER();
  WriteCalls({kFront, kBack}, 420);
  std::set<std::string> done;
  for (int kill = 0; kill < 10; ++kill) {
    Process process(Command());
    const auto ms = 200 + FastHash(fmt::format("kill {}", kill)) % 2800;
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    process.Signal(SIGKILL);
    process.Wait();
  }
  const json::value said = Refine();
  ASSERT_TRUE(said.is_object());
  EXPECT_TRUE(BoolOr(said, "promised", false)) << json::serialize(said);
  EXPECT_EQ(Deployed().deployments.size(), 2U);
}

TEST_F(RefineTest, SaysWhatIsMissing) {
  const std::string ws = (folder_ / "ws").string();
  const auto err = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {UnderstudyBinary(), "refine", "--workspace", ws});
    Process process(std::move(args));
    EXPECT_NE(process.Wait(), 0);
    return process.err();
  };
  EXPECT_THAT(err({"--out", ws}), HasSubstr("--in"));
  EXPECT_THAT(err({"--base", base_}), HasSubstr("nothing has been recorded"));
  EXPECT_THAT(err({"--in", (folder_ / "no.jsonl").string(), "--base", base_}),
              HasSubstr("no.jsonl"));
  WriteCalls({kFront}, 2);
  EXPECT_THAT(err({"--in", (folder_ / "calls.jsonl").string()}), HasSubstr("no base model"));
  EXPECT_THAT(err({"--in", (folder_ / "calls.jsonl").string(), "--worse", "0"}),
              HasSubstr("--worse"));
}

}  // namespace
}  // namespace understudy
