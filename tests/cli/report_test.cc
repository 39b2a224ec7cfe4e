#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"
#include "cli/workspace.h"
#include "route/deployments.h"
#include "support/small_tasks.h"

namespace understudy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ReportCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", Workspace()}).code, 0);
    const auto store = OpenStore(Workspace(), false);
    ASSERT_TRUE(store) << store.error().ToString();
    std::vector<Exchange> rows;
    for (int i = 0; i < 30; ++i) rows.push_back(Row(i));
    ASSERT_TRUE((*store)->Append(rows, true));
  }
  std::string Workspace() { return (folder_ / "ws").string(); }
  Ran Report(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"report", "--workspace", Workspace()});
    return RunCli(more);
  }
  // The reference's answer, and the same one from the shadow; every tenth differs.
  static Exchange Row(int number) {
    const auto body = [](std::string_view says) {
      return fmt::format(R"({{"choices":[{{"message":{{"role":"assistant","content":"{}"}}}}]}})",
                         says);
    };
    Exchange exchange;
    exchange.id = fmt::format("ex_{}", number);
    exchange.at_ms = 1'700'000'000'000 + number;
    exchange.agent = "office";
    exchange.request = R"({"messages":[{"role":"user","content":"x"}]})";
    exchange.response = body("four");
    exchange.total_us = 250'000;
    exchange.decision = Decision{.task = "t-1", .chosen = "gpt"};
    exchange.answers.push_back({.kind = AnswerKind::kReference, .model = "gpt", .served = true});
    AnswerRecord shadow{.kind = AnswerKind::kShadow, .model = "tiny"};
    shadow.body = body(number % 10 == 0 ? "five" : "four");
    shadow.verdict.kind = number % 10 == 0 ? VerdictKind::kDiffers : VerdictKind::kPass;
    exchange.answers.push_back(std::move(shadow));
    return exchange;
  }

  TempFolder folder_;
};

TEST_F(ReportCommand, NamesTasksAndTheirStages) {
  const std::filesystem::path tasks = std::filesystem::path(Workspace()) / "runs/cluster/1";
  ASSERT_TRUE(MakeFolders(tasks));
  ASSERT_TRUE(WriteFileAtomically(tasks / kAssignerFile, SerializeTaskModel(SmallTasks())));
  Deployments all;
  all.tasks = "runs/cluster/1";
  all.deployments = {
      {.id = "d-1", .task = "t-1", .model = "tiny", .stage = DeploymentStage::kShadow},
      {.id = "d-2", .task = "t-1", .model = "tiny", .stage = DeploymentStage::kLive},
      {.id = "d-3", .task = "t-1", .model = "tiny", .stage = DeploymentStage::kRetired}};
  ASSERT_TRUE(WriteDeployments(DeploymentsPath(Workspace()), all));
  const Ran ran = Report({"--html", (folder_ / "page.html").string()});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("label-mail (shadow, live)"), HasSubstr("office"),
                             HasSubstr("27 of 30 (73-98 %)"), HasSubstr("250 ms")));
  EXPECT_THAT(ReadFile(folder_ / "page.html").value(), HasSubstr("27 of 30 (73.5 % to 97.9 %)"));
  const json::value said = *ParseJson(Report({"--json"}).out);
  EXPECT_EQ(StringOr(said.at("tasks").at(0), "name"), "label-mail");
  EXPECT_EQ(IntOr(said.at("tasks").at(0).at("served_agreement"), "count", 0), 27);
  EXPECT_EQ(StringOr(said.at("agents").at(0), "agent"), "office");

  // A report is made without the names, too; a broken deployments file is said.
  std::filesystem::remove(tasks / kAssignerFile);
  const Ran nameless = Report();
  EXPECT_EQ(nameless.code, 0);
  EXPECT_THAT(nameless.out, HasSubstr("t-1 (shadow, live)"));
  EXPECT_THAT(nameless.err, HasSubstr("tasks have no names here"));
  ASSERT_TRUE(WriteFileAtomically(DeploymentsPath(Workspace()), "{"));
  EXPECT_THAT(Report().err, HasSubstr("deployments.json"));
}

TEST_F(ReportCommand, NarrowsByAgentAndTime) {
  EXPECT_THAT(Report({"--agent", "nobody"}).out, HasSubstr("nothing was recorded yet"));
  EXPECT_THAT(Report({"--since", "1h"}).out, HasSubstr("nothing was recorded yet"));
  EXPECT_THAT(Report({"--until", "2024-01-01"}).out, HasSubstr("30 calls"));
  EXPECT_EQ(Report({"--since", "yesterday"}).code, 2);
}

}  // namespace
}  // namespace understudy
