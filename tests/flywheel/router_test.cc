#include "flywheel/router/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/file.h"
#include "route/acceptance.h"
#include "support/small_tasks.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder as cluster writes it, and one of answers as evaluate does, a task each.
class RouterStage : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "tasks/t-1");
    fs::create_directories(folder_ / "tasks/t-2");
    fs::create_directories(folder_ / "mail");
    fs::create_directories(folder_ / "desk");
    std::ofstream(folder_ / "tasks/assigner.bin", std::ios::binary)
        << SerializeTaskModel(SmallTasks());
    Write("tasks/tasks.json",
          R"({"v":1,"tasks":[{"id":"t-1","name":"label-mail","replaceable":true},)"
          R"({"id":"t-2","name":"book","replaceable":true}]})");
    std::mt19937_64 random(1);
    for (const std::string part : {"valid", "calib"}) {
      Fill("t-1", "mail", kMailPrompt, "your parcel is late", part, random);
      Fill("t-2", "desk", kDeskPrompt, "book a table for two", part, random);
    }
    options_.files.tasks = folder_ / "tasks";
    options_.files.answers = {folder_ / "mail", folder_ / "desk"};
  }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, text));
  }
  void Append(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::app) << text;
  }

  // A hundred calls; one in five has digits, and then the answer is mostly wrong.
  void Fill(const std::string& task, const std::string& answers, std::string_view system,
            std::string_view user, const std::string& part, std::mt19937_64& random) {
    for (int i = 0; i < 100; ++i) {
      const bool digits = i % 5 == 0;
      const bool right = random() % 100 < (digits ? 20 : 99);
      const std::string id = fmt::format("{}-{}-{}", task, part, i);
      Append(
          fmt::format("tasks/{}/{}.jsonl", task, part),
          fmt::format(
              R"({{"id":"{}","session":"s-{}","request":{{"messages":[{{"role":"system","content":"{}"}},)"
              R"({{"role":"user","content":"{} {}"}}]}},"curated":{{"rows":1,"group":"{:016x}","seed":0}}}})"
              "\n",
              id, i, system, user, digits ? "7788990" : "please", i / 2));
      Append(
          answers + "/answers.jsonl",
          fmt::format(
              R"({{"id":"{}","part":"{}","kind":"tool_call","right":{},"verdict":"pass","signals":)"
              R"({{"min_logprob":{},"mean_logprob":-0.1,"low_margin":1,"grounded":1,"answer_tokens":9}}}})"
              "\n",
              id, part, right, right ? -0.2 : -1.5));
    }
  }

  Result<FittedRouter> Run(const std::string& out = "out") {
    StagePlace place;
    place.out = folder_ / out;
    return RunRouterStage(options_, place, hooks_);
  }
  std::string Failure() {
    const auto fitted = Run();
    EXPECT_FALSE(fitted);
    return fitted ? "" : fitted.error().ToString();
  }

  TempFolder folder_;
  RouterOptions options_{.fit = {.promise = {.worse = 0.1, .sure = 0.95}}};
  StageHooks hooks_;
};

TEST_F(RouterStage, WritesARouterThatTheGatewayReads) {
  const auto fitted = Run();
  ASSERT_TRUE(fitted) << fitted.error().ToString();
  const RouterReport& report = fitted->report;
  EXPECT_TRUE(report.held) << report.why;
  EXPECT_EQ(report.fitted, 200);
  EXPECT_EQ(report.rows, 200);
  EXPECT_EQ(report.groups, 50);
  EXPECT_EQ(report.strayed, 0);
  EXPECT_GT(report.served, 120);
  ASSERT_EQ(report.tasks.size(), 2u);
  EXPECT_EQ(report.tasks[0].rows, 100);
  const auto acceptance = Acceptance::Load(folder_ / "out/router.json");
  ASSERT_TRUE(acceptance) << acceptance.error().ToString();
  EXPECT_EQ(acceptance->policy(), fitted->policy);
  EXPECT_EQ(acceptance->dims(), kEmbeddingSize);
  EXPECT_LE(acceptance->after_threshold(acceptance->TaskIndex("t-2")), 1);
  // The calls with digits, whose answers are mostly wrong, are told apart before generation.
  const TaskModel tasks = TaskModel::Load(folder_ / "tasks").value();
  TaskModel::Scratch scratch;
  const auto before = [&](std::string user) {
    const ChatRequest request = AskedOf(kMailPrompt, std::move(user));
    const auto assigned = tasks.Assign(request, scratch);
    return acceptance->Before({.features = FeaturesOf(request),
                               .embedding = assigned.embedding,
                               .closeness = assigned.closeness,
                               .task = acceptance->TaskIndex("t-1")});
  };
  EXPECT_GT(before("your parcel is late please"), 0.9);
  EXPECT_LT(before("your parcel is late 7788990"), 0.5);
}

TEST_F(RouterStage, IsDoneOnceAndGivesTheSameReportAgain) {
  const auto first = Run();
  ASSERT_TRUE(first) << first.error().ToString();
  const auto second = Run();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->stage.unchanged);
  EXPECT_EQ(second->policy, first->policy);
  EXPECT_EQ(second->report.served, first->report.served);
  EXPECT_EQ(second->report.curve.size(), first->report.curve.size());
  EXPECT_EQ(second->report.tasks[1].right, first->report.tasks[1].right);
  EXPECT_DOUBLE_EQ(second->report.p_value, first->report.p_value);
  options_.fit.promise.worse = 0.2;
  const auto other = Run();
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->stage.unchanged);
}

TEST_F(RouterStage, TasksThatAreNotReplaceableAreNotServed) {
  Write("tasks/tasks.json",
        R"({"v":1,"tasks":[{"id":"t-1","name":"label-mail","replaceable":true},)"
        R"({"id":"t-2","name":"book","replaceable":false,"why":"text without a judge"}]})");
  const auto fitted = Run();
  ASSERT_TRUE(fitted) << fitted.error().ToString();
  EXPECT_EQ(fitted->report.tasks[1].why, "text without a judge");
  EXPECT_GT(fitted->report.tasks[1].before, 1);
}

TEST_F(RouterStage, AnswersThatFailVerificationAreNeverServed) {
  std::string answers = ReadFile(folder_ / "mail/answers.jsonl").value();
  for (size_t at = 0; (at = answers.find(R"("pass")", at)) != std::string::npos;) {
    answers.replace(at, 6, R"("invalid_json")");
  }
  Write("mail/answers.jsonl", answers);
  const auto fitted = Run();
  ASSERT_TRUE(fitted) << fitted.error().ToString();
  EXPECT_EQ(fitted->report.tasks[0].served, 0);
}

TEST_F(RouterStage, OtherPartsAndOtherCallsAreNotRead) {
  Append("mail/answers.jsonl", R"({"id":"x1","part":"test","right":false,"verdict":"pass"})"
                               "\n");
  Append("mail/answers.jsonl", R"({"id":"x2","part":"calib","right":false,"verdict":"pass"})"
                               "\n\n");
  const auto fitted = Run();
  ASSERT_TRUE(fitted) << fitted.error().ToString();
  EXPECT_EQ(fitted->report.rows, 200);
  EXPECT_EQ(IntOr(fitted->stage.meta.at("counts"), "unknown_answers", 0), 1);
}

TEST_F(RouterStage, SaysWhatIsWrongWithItsInput) {
  Append("mail/answers.jsonl", "{\"id\":\"y\"\n");
  EXPECT_THAT(Failure(), HasSubstr("answers.jsonl:201"));
  Write("mail/answers.jsonl", R"({"id":"y","part":"calib"})");
  EXPECT_THAT(Failure(), HasSubstr("id, part and right"));
  const std::string twice = R"({"id":"y","part":"calib","right":true,"verdict":"pass"})";
  Write("mail/answers.jsonl", twice + "\n" + twice + "\n");
  EXPECT_THAT(Failure(), HasSubstr("the call y was answered before"));
  Write("mail/answers.jsonl", twice + "\n");
  Write("desk/answers.jsonl", "");
  EXPECT_THAT(Failure(), HasSubstr("none of the 1 answers"));
  fs::remove(folder_ / "desk/answers.jsonl");
  EXPECT_THAT(Failure(), HasSubstr("desk/answers.jsonl"));
}

TEST_F(RouterStage, SaysWhatIsWrongWithTheTasks) {
  Append("tasks/t-1/calib.jsonl", "{broken\n");
  EXPECT_THAT(Failure(), HasSubstr("t-1/calib.jsonl:101"));
  for (const std::string bad :
       {R"({"v":2,"tasks":[]})", R"({"v":1})", R"({"v":1,"tasks":[{"id":"../t-1"}]})",
        R"({"v":1,"tasks":[{"name":"x"}]})"}) {
    Write("tasks/tasks.json", bad);
    EXPECT_THAT(Failure(), HasSubstr("no list of tasks")) << bad;
  }
  Write("tasks/tasks.json", R"({"v":1,"tasks":[{"id":"t-1","name":"a","replaceable":true}]})");
  fs::remove(folder_ / "tasks/t-1/calib.jsonl");
  EXPECT_THAT(Failure(), HasSubstr("calib.jsonl"));
  Write("tasks/t-1/calib.jsonl", "");
  EXPECT_THAT(Failure(), HasSubstr("a task t-2 that tasks.json does not"));
  Write("tasks/assigner.bin", "none of ours");
  EXPECT_THAT(Failure(), HasSubstr("assigner.bin"));
}

TEST_F(RouterStage, StopsAndPublishesNothing) {
  hooks_.stop = [] { return true; };
  const auto fitted = Run();
  ASSERT_FALSE(fitted);
  EXPECT_EQ(fitted.error().kind, ErrorKind::kCancelled);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace understudy
