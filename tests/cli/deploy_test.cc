#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "cli/run_cli.h"
#include "cli/workspace.h"
#include "route/deployments.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TinyModel;

class DeployCommand : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", Workspace()}).code, 0); }
  std::string Workspace() { return (folder_ / "ws").string(); }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.begin(), "deploy");
    args.insert(args.end(), {"--workspace", Workspace()});
    return RunCli(args);
  }
  Ran Start(const std::string& adapter) {
    return Run({"start", "--task", "t-1", "--model", "tiny", "--gguf", TinyModel().model.string(),
                "--adapter", "t-1-v1", "--file", adapter});
  }
  Deployments Read() {
    auto read = LoadDeployments(DeploymentsPath(Workspace()));
    EXPECT_TRUE(read) << read.error().ToString();
    return read.value_or(Deployments{});
  }
  std::string Id() { return Read().deployments.at(0).id; }

  // Exchanges after now, each with a shadow answer; every `bad`th differs (0: none).
  std::vector<Exchange> Rows(int count, int bad) {
    std::vector<Exchange> rows;
    const int64_t now = Clock::System().WallMs() + 60'000;
    for (int i = 0; i < count; ++i) {
      Exchange exchange;
      exchange.id = fmt::format("ex_{}_{}", now, i);
      exchange.at_ms = now + i;
      exchange.request = R"({"messages":[{"role":"user","content":"x"}]})";
      exchange.decision = Decision{.task = "t-1", .chosen = "gpt"};
      exchange.answers.push_back({.kind = AnswerKind::kReference, .model = "gpt", .served = true});
      AnswerRecord shadow{.kind = AnswerKind::kShadow, .model = "tiny", .deployment = "t-1-v1"};
      const bool differs = bad > 0 && i % bad == 0;
      shadow.verdict.kind = differs ? VerdictKind::kDiffers : VerdictKind::kPass;
      exchange.answers.push_back(std::move(shadow));
      rows.push_back(std::move(exchange));
    }
    return rows;
  }
  std::string File(const std::vector<Exchange>& rows) {
    std::string text;
    for (const Exchange& row : rows) text += FormatExchangeLine(row) + '\n';
    EXPECT_TRUE(WriteFileAtomically(folder_ / "rows.jsonl", text));
    return (folder_ / "rows.jsonl").string();
  }

  TempFolder folder_;
};

TEST_F(DeployCommand, StartsInShadowAndListsWhatItWaitsFor) {
  EXPECT_THAT(Run({"list"}).out, HasSubstr("Nothing is deployed."));
  const Ran ran = Start(TinyModel().adapter_a.string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("(task t-1): - -> shadow: started"));
  const Deployments all = Read();
  ASSERT_EQ(all.deployments.size(), 1u);
  EXPECT_EQ(all.deployments[0].stage, DeploymentStage::kShadow);
  EXPECT_EQ(all.models.at(0).gguf, TinyModel().model.string());
  EXPECT_THAT(Run({"list"}).out, AllOf(HasSubstr("t-1-v1"), HasSubstr("waits for"),
                                       HasSubstr("more answers that agree")));
  const Ran again = Start(TinyModel().adapter_a.string());
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("is shadow for task t-1 already"));
}

TEST_F(DeployCommand, TakesTheTasksNewestAdapter) {
  for (const char* version : {"v2", "v10"}) {
    const auto to = fs::path(Workspace()) / "adapters" / "t-1" / version;
    ASSERT_TRUE(MakeFolders(to));
    fs::copy_file(TinyModel().adapter_a, to / "adapter.gguf");
  }
  const Ran ran = Run({"start", "--task", "t-1", "--model", "tiny", "--gguf",
                       TinyModel().model.string(), "--dry-run", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("to":"shadow")"));
  EXPECT_TRUE(Read().deployments.empty());  // a dry run
  ASSERT_EQ(
      Run({"start", "--task", "t-1", "--model", "tiny", "--gguf", TinyModel().model.string()}).code,
      0);
  EXPECT_EQ(Read().deployments.at(0).adapter, "t-1-v10");
  EXPECT_EQ(Read().deployments.at(0).adapter_path, "adapters/t-1/v10/adapter.gguf");
}

TEST_F(DeployCommand, AFileFromElsewhereBecomesAVersion) {
  const auto start = [&](const fs::path& file, const std::string& last) {
    return Run({"start", "--task", "t-1", "--model", "tiny", "--gguf", TinyModel().model.string(),
                "--file", file.string(), last});
  };
  ASSERT_EQ(start(TinyModel().adapter_a, "--dry-run").code, 0);
  EXPECT_FALSE(fs::exists(fs::path(Workspace()) / "adapters/t-1"));
  const Ran ran = start(TinyModel().adapter_a, "--no-reload");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(Read().deployments.at(0).adapter, "t-1-v1");
  EXPECT_EQ(Read().deployments.at(0).adapter_path, "adapters/t-1/v1/adapter.gguf");
  ASSERT_EQ(Run({"retire", Id()}).code, 0);
  ASSERT_EQ(start(TinyModel().adapter_b, "--no-reload").code, 0);
  const std::string list = Run({"list"}).out;
  EXPECT_THAT(list, AllOf(HasSubstr("Adapters"), HasSubstr("VERSION"), HasSubstr("v2"),
                          HasSubstr("retired (" + Id() + ")")));
  const json::value out = *ParseJson(Run({"list", "--json"}).out);
  const json::array& adapters = out.at("adapters").as_array();
  ASSERT_EQ(adapters.size(), 2u);
  EXPECT_EQ(StringOr(adapters[0], "path"), "adapters/t-1/v1/adapter.gguf");
  EXPECT_EQ(StringOr(adapters[0].at("deployments").at(0), "stage"), "retired");
  EXPECT_EQ(StringOr(adapters[1].at("deployments").at(0), "stage"), "shadow");
  EXPECT_EQ(StringOr(adapters[1], "from"), TinyModel().adapter_b.string());
  EXPECT_EQ(StringOr(adapters[1], "sha256").size(), 64u);
  // A version whose file is gone is said to be.
  fs::remove(fs::path(Workspace()) / "adapters/t-1/v1/adapter.gguf");
  EXPECT_THAT(Run({"list"}).out, HasSubstr("adapter.gguf is missing"));
}

TEST_F(DeployCommand, RefusesWhatCannotServe) {
  const Ran wrong = Start(TinyModel().model.string());
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.err, HasSubstr("adapter"));
  const Ran none = Run({"start", "--task", "t-9", "--model", "tiny"});
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.err, HasSubstr("has no adapter yet"));
  EXPECT_EQ(Run({"retire", "d-none"}).code, 4);
  EXPECT_EQ(Run({"start", "--task", "t-1"}).code, 2);
  EXPECT_TRUE(Read().deployments.empty());
}

TEST_F(DeployCommand, AStepPromotesWhatIsProven) {
  ASSERT_EQ(Start(TinyModel().adapter_a.string()).code, 0);
  const std::string file = File(Rows(300, 0));
  EXPECT_THAT(Run({"step", "--in", file, "--dry-run"}).out, HasSubstr("shadow -> canary"));
  EXPECT_EQ(Read().deployments[0].stage, DeploymentStage::kShadow);
  const Ran ran = Run({"step", "--in", file, "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json::value out = *ParseJson(ran.out);
  EXPECT_EQ(StringOr(out.at("deployments").at(0), "moved_to"), "canary");
  EXPECT_EQ(StringOr(out.at("steps").at(0), "who"), "sequential test");
  EXPECT_EQ(Read().deployments[0].stage, DeploymentStage::kCanary);
  const auto log = ReadFile(fs::path(Workspace()) / "deployments.log.jsonl");
  EXPECT_THAT(*log, HasSubstr(R"("from":"shadow","to":"canary")"));
}

TEST_F(DeployCommand, AStepReadsTheUsageStore) {
  ASSERT_EQ(Start(TinyModel().adapter_a.string()).code, 0);
  EXPECT_EQ(Run({"step"}).code, 4);  // nothing recorded
  {
    const auto store = OpenStore(Workspace(), false);
    ASSERT_TRUE((*store)->Append(Rows(200, 2), true));
  }
  const Ran ran = Run({"step"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("shadow -> retired"), HasSubstr("differ")));
  EXPECT_THAT(Run({"list"}).out, HasSubstr("Retired: 1"));
}

TEST_F(DeployCommand, MovesByHand) {
  ASSERT_EQ(Start(TinyModel().adapter_a.string()).code, 0);
  EXPECT_THAT(Run({"promote", Id(), "--why", "looks good"}).out,
              HasSubstr("shadow -> canary: looks good"));
  EXPECT_THAT(Run({"promote", Id()}).out, HasSubstr("canary -> live"));
  EXPECT_EQ(Run({"promote", Id()}).code, 1);  // live already
  EXPECT_THAT(Run({"rollback", Id(), "--dry-run"}).out, HasSubstr("live -> shadow"));
  EXPECT_EQ(Read().deployments[0].stage, DeploymentStage::kLive);
  EXPECT_THAT(Run({"rollback", Id()}).out, HasSubstr("live -> shadow"));
  EXPECT_THAT(Run({"retire", Id(), "--json"}).out, HasSubstr(R"("to":"retired")"));
  EXPECT_THAT(Run({"promote", Id()}).out, HasSubstr("retired -> shadow"));
  EXPECT_THAT(Run({"promote", Id(), "--to", "live"}).out, HasSubstr("shadow -> live"));
  EXPECT_EQ(Run({"promote", Id(), "--to", "heaven"}).code, 2);
}

TEST_F(DeployCommand, ABrokenFileIsSaid) {
  ASSERT_TRUE(WriteFileAtomically(DeploymentsPath(Workspace()), R"({"v":1,"deployments":[3]})"));
  const Ran ran = Run({"list"});
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("deployments.json"), HasSubstr("deployments[0]"),
                             Not(HasSubstr("terminate"))));
}

}  // namespace
}  // namespace understudy
