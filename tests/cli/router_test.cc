#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"
#include "route/acceptance_model.h"
#include "support/small_tasks.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Two tasks with their calls and answers; `right` of a hundred held-back answers are right.
class RouterCommand : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "tasks/t-1");
    fs::create_directories(folder_ / "tasks/t-2");
    fs::create_directories(folder_ / "answers");
    std::ofstream(folder_ / "tasks/assigner.bin", std::ios::binary)
        << SerializeTaskModel(SmallTasks());
    Write("tasks/tasks.json",
          R"({"v":1,"tasks":[{"id":"t-1","name":"label-mail","replaceable":true},)"
          R"({"id":"t-2","name":"draft","replaceable":false,"why":"text without a judge"}]})");
    for (const char* part : {"valid", "calib"}) Write(fmt::format("tasks/t-2/{}.jsonl", part), "");
    Write(
        "request.json",
        R"({"messages":[{"role":"system","content":"Label the mail."},{"role":"user","content":"your parcel is late please"}]})");
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, text));
  }
  std::string Path(const std::string& name) { return (folder_ / name).string(); }

  void Fill(int calls, int right_in_hundred) {
    std::string answers;
    for (const std::string part : {"valid", "calib"}) {
      std::string rows;
      for (int i = 0; i < calls; ++i) {
        const bool right = i % 100 < right_in_hundred;
        rows += fmt::format(
            R"({{"id":"{0}{1}","request":{{"messages":[{{"role":"system","content":"{2}"}},)"
            R"({{"role":"user","content":"your parcel is late please {1}"}}]}}}})"
            "\n",
            part, i, kMailPrompt);
        answers += fmt::format(
            R"({{"id":"{}{}","part":"{}","right":{},"verdict":"pass","signals":{{"min_logprob":{},"grounded":1,"answer_tokens":9}}}})"
            "\n",
            part, i, part, right, right ? -0.1 : -3);
      }
      Write(fmt::format("tasks/t-1/{}.jsonl", part), rows);
    }
    Write("answers/answers.jsonl", answers);
  }
  Ran Fit(std::vector<std::string> more = {}) {
    std::vector<std::string> args{"router",    "fit",           "--tasks", Path("tasks"),
                                  "--answers", Path("answers"), "--out",   Path("router")};
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  }
  Ran Explain(std::vector<std::string> more = {}) {
    std::vector<std::string> args{"router",  "explain",     "--router", Path("router/router.json"),
                                  "--tasks", Path("tasks"), "--in",     Path("request.json")};
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  }

  TempFolder folder_;
};

TEST_F(RouterCommand, FitsAndSaysWhatIsServed) {
  Fill(200, 90);
  const Ran ran = Fit();
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("Promise kept: at most 5 % worse than the reference, 95 % sure."),
                    HasSubstr("Of 200 calls held back, "), HasSubstr("label-mail"),
                    HasSubstr("text without a judge"), HasSubstr("router/")));
  EXPECT_TRUE(fs::exists(folder_ / "router/router.json"));
  EXPECT_THAT(Fit().out, HasSubstr("unchanged"));
  EXPECT_THAT(Fit({"--force"}).out, Not(HasSubstr("unchanged")));
}

TEST_F(RouterCommand, SaysHowManyCallsAreMissing) {
  Fill(40, 100);
  const Ran ran = Fit({"--worse", "1"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("No promise yet: at most 1 % worse"),
                    HasSubstr("calls cannot support the promise: it takes 299 without an error"),
                    HasSubstr("more of calls held back if none is wrong")));
}

TEST_F(RouterCommand, PrintsJson) {
  Fill(200, 90);
  const Ran ran = Fit({"--json", "--worse", "10", "--sure", "90", "--by-group"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json::value value = ParseJson(ran.out).value();
  EXPECT_NEAR(value.at_pointer("/report/promise/worse").to_number<double>(), 0.1, 1e-12);
  EXPECT_TRUE(value.at_pointer("/report/promise/held").as_bool());
  EXPECT_EQ(StringOr(value, "folder"), Path("router"));
  EXPECT_EQ(value.at_pointer("/report/tasks").as_array().size(), 2u);
}

TEST_F(RouterCommand, ExplainsARequest) {
  Fill(200, 90);
  ASSERT_EQ(Fit().code, 0);
  const Ran ran = Explain();
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("label-mail (t-1)"), HasSubstr("The SLM is asked: 0."),
                             HasSubstr("what is asked"), HasSubstr("router/")));
  const json::value value = ParseJson(Explain({"--json"}).out).value();
  EXPECT_TRUE(value.at("tried").as_bool());
  EXPECT_EQ(StringOr(value.at("task"), "id"), "t-1");
  Write("request.json",
        R"({"id":"x","request":{"messages":[{"role":"user","content":"who are you?"}]}})");
  EXPECT_THAT(Explain().out, HasSubstr("near no task"));
  Write(
      "request.json",
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"book a table for two"}]})");
  EXPECT_THAT(Explain().out, HasSubstr("every call of this task: text without a judge"));
}

TEST_F(RouterCommand, ExplainsWhatIsDeployed) {
  Fill(200, 90);
  ASSERT_EQ(Fit().code, 0);
  const std::string workspace = Path("ws");
  ASSERT_EQ(RunCli({"init", workspace}).code, 0);
  const std::vector<std::string> args{"router",      "explain", "--in", Path("request.json"),
                                      "--workspace", workspace};
  const Ran none = RunCli(args);
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.err, HasSubstr("no router is deployed"));
  Write("ws/deployments.json",
        fmt::format(R"({{"v":1,"tasks":"{}","router":"{}","models":[],"deployments":[]}})",
                    Path("tasks"), Path("router/router.json")));
  EXPECT_THAT(RunCli(args).out, HasSubstr("label-mail (t-1)"));
}

TEST_F(RouterCommand, RefusesWhatCannotBe) {
  Fill(30, 100);
  EXPECT_EQ(RunCli({"router", "fit"}).code, 2);
  EXPECT_EQ(Fit({"--worse", "0"}).code, 2);
  EXPECT_EQ(Fit({"--worse", "much"}).code, 2);
  EXPECT_EQ(Fit({"--sure", "100"}).code, 2);
  EXPECT_EQ(Fit({"--seed", "-1"}).code, 2);
  EXPECT_EQ(Fit({"--answers", Path("nowhere")}).code, 4);
  EXPECT_EQ(Explain().code, 4);
  Write("bad.json", R"({"v":3})");
  const Ran bad = RunCli({"router", "explain", "--router", Path("bad.json"), "--tasks",
                          Path("tasks"), "--in", Path("request.json")});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("bad.json: v"), HasSubstr("version 1, not 3")));
}

}  // namespace
}  // namespace understudy
