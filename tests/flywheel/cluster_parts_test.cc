// The pieces of clustering that decide: frames, what is one task, names and ids.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flywheel/cluster/answers.h"
#include "flywheel/cluster/apart.h"
#include "flywheel/cluster/exemplars.h"
#include "flywheel/cluster/frames.h"
#include "flywheel/cluster/task_names.h"
#include "flywheel/cluster/task_tally.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CountedPrompt PromptOf(const std::string& system, int64_t rows) {
  ChatRequest request;
  request.messages = {{.role = Role::kSystem, .text = system}};
  CountedPrompt counted{.rows = rows};
  ReadPrompt(request, counted.prompt);
  return counted;
}

std::string Desk(std::string_view about) {
  return fmt::format(
      "You are the desk for {}. Answer in one short sentence, never promise anything, and always "
      "name the number of the case.",
      about);
}

TEST(Frames, PromptsOfOneTemplateAreOneFrame) {
  std::vector<CountedPrompt> prompts{PromptOf(Desk("lost parcels"), 30), PromptOf("Label it.", 25),
                                     PromptOf(Desk("late trains and buses"), 12),
                                     PromptOf("Sort it.", 3)};
  const std::vector<Frame> frames = FindFrames(prompts, 20);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(prompts[0].frame, prompts[2].frame);
  EXPECT_NE(prompts[0].frame, prompts[1].frame);
  EXPECT_GE(prompts[1].frame, 0);
  EXPECT_EQ(prompts[3].frame, -1) << "too few rows";
  EXPECT_THAT(prompts[0].variable,
              ElementsAre(SkeletonWordHash("lost"), SkeletonWordHash("parcels")));
  EXPECT_THAT(prompts[1].variable, IsEmpty());
}

TEST(Frames, DoNotDependOnTheOrder) {
  std::vector<CountedPrompt> one{PromptOf(Desk("parcels"), 30), PromptOf(Desk("trains"), 20),
                                 PromptOf(Desk("bank cards"), 10)};
  std::vector<CountedPrompt> other{one[2], one[0], one[1]};
  EXPECT_EQ(FindFrames(one, 5)[0].shingles, FindFrames(other, 5)[0].shingles);
}

TEST(Frames, TwoAgentsWithOneSentenceInCommonAreTwo) {
  std::vector<CountedPrompt> prompts{
      PromptOf("You are a helpful assistant. Translate what you are given into French words.", 30),
      PromptOf("You are a helpful assistant. Count the invoices that have not been paid yet.", 30)};
  EXPECT_EQ(FindFrames(prompts, 20).size(), 2u);
}

TEST(Answers, AreToldByKindToolLabelAndMembers) {
  const auto answered = [](std::string_view text) { return AnsweredBy(*ParseJson(text), false); };
  const Answered call = answered(
      R"({"role":"assistant","content":null,"tool_calls":[{"function":{"name":"book","arguments":"{}"}}]})");
  EXPECT_EQ(call.coarse, "tool_call book");
  EXPECT_THAT(call.tools, ElementsAre("book"));
  const Answered object = answered(R"({"content":"{\"city\":\"Oslo\",\"day\":1}"})");
  EXPECT_EQ(object.coarse, "json");
  EXPECT_THAT(object.fine, ElementsAre("json city", "json day"));
  EXPECT_THAT(answered(R"({"content":"spam"})").fine, ElementsAre("label spam"));
  EXPECT_EQ(answered(R"({"content":"12.5"})").coarse, "number");
  EXPECT_EQ(answered(R"({"content":"{}"})").fine, std::vector<std::string>{"json"});
}

TEST(Apart, DivergenceIsInBits) {
  EXPECT_NEAR(DivergenceBits(std::vector<double>{3, 0}, std::vector<double>{0, 5}), 1, 1e-12);
  EXPECT_NEAR(DivergenceBits(std::vector<double>{1, 3}, std::vector<double>{2, 6}), 0, 1e-12);
  EXPECT_NEAR(DivergenceBits(std::vector<double>{1}, std::vector<double>{1, 1}), 0.3113, 1e-4);
  EXPECT_EQ(DivergenceBits({}, std::vector<double>{1}), 0);
}

std::vector<ComparedRow> Rows(std::initializer_list<ComparedRow> kinds) {
  std::vector<ComparedRow> rows;
  for (const ComparedRow& kind : kinds) rows.insert(rows.end(), 10, kind);
  return rows;
}

TEST(Apart, TopicsOfOneLabellerAreOneTask) {
  // One prompt; the clusters have labels of their own.
  const auto rows = Rows({{0, 7, 0, {1}}, {1, 7, 0, {2}}, {2, 7, 0, {3}}});
  EXPECT_THAT(MergeAlike(rows, 3), ElementsAre(0, 0, 0));
}

TEST(Apart, OtherToolsOrKindsAreOtherTasks) {
  const auto rows = Rows({{0, 7, 0, {1}}, {1, 7, 4, {2}}, {2, 7, 4, {2}}, {-1, 7, 5, {2}}});
  EXPECT_THAT(MergeAlike(rows, 3), ElementsAre(0, 1, 1));
}

TEST(Apart, OtherPromptsAreOtherTasksOnlyIfTheyAskForOtherThings) {
  const auto services = Rows({{0, 1, 0, {1}}, {1, 2, 0, {2}}});
  EXPECT_THAT(MergeAlike(services, 2), ElementsAre(0, 1));
  const auto customers = Rows({{0, 1, 0, {1}}, {1, 2, 0, {1}}});
  EXPECT_THAT(MergeAlike(customers, 2), ElementsAre(0, 0));
  EXPECT_THAT(MergeAlike({}, 0), IsEmpty());
}

TEST(Exemplars, StandForEachGroupOfPoints) {
  std::vector<Embedding> points;
  for (size_t i = 0; i < 400; ++i) {
    Embedding point{};
    point[i % 4] = 1;
    point[4 + i % 7] = 0.1F;
    Normalize(point);
    points.push_back(point);
  }
  const auto exemplars = ExemplarsOf(points);
  EXPECT_EQ(exemplars.size(), kMostExemplars);
  for (const Embedding& point : points) EXPECT_GT(NearestCosine(exemplars, point), 0.98F);
  EXPECT_EQ(ExemplarsOf({points.data(), 30}).size(), 1u);
  EXPECT_EQ(ExemplarsOf({}).size(), 1u);
}

TEST(Exemplars, StepsAreQuantiles) {
  std::vector<float> cosines;
  for (int i = 160; i >= 0; --i) cosines.push_back(static_cast<float>(i) / 160);
  const auto steps = StepsOf(cosines);
  EXPECT_EQ(steps.front(), 0);
  EXPECT_NEAR(steps[4], 0.25F, 1e-6);
  EXPECT_EQ(steps.back(), 1);
}

TEST(TaskNames, ComeFromToolsOrTerms) {
  EXPECT_EQ(Hyphenated("FindRestaurants"), "find-restaurants");
  EXPECT_EQ(Hyphenated("find_restaurants__now"), "find-restaurants-now");
  EXPECT_EQ(Hyphenated("../../etc"), "etc");
  EXPECT_EQ(TaskName({{"BookTable", 85}, {"Find", 20}}, 100, {"dinner"}, TargetKind::kToolCall),
            "book-table");
  EXPECT_EQ(TaskName({{"BookTable", 60}, {"Find", 50}}, 100, {"dinner", "caf\xc3\xa9", "table"},
                     TargetKind::kToolCall),
            "dinner-table-tool-call");
  EXPECT_EQ(TaskName({}, 0, {}, TargetKind::kLabel), "label");
}

TEST(TaskNames, DistinctiveWordsAreThoseOfTheTask) {
  WordCounts task, all;
  ChatRequest request;
  for (int i = 0; i < 100; ++i) {
    const bool own = i % 4 == 0;
    request.messages = {{.role = Role::kUser,
                         .text = own ? "The parcel of customer Ann42 is late" : "The customer is"}};
    if (own) task.Add(request);
    all.Add(request);
  }
  EXPECT_THAT(task.Distinctive(all, 3), ElementsAre("late", "parcel", "customer"));
}

TaskTally TallyOf(int64_t rows, TargetKind kind, std::map<int, int64_t> earlier = {}) {
  TaskTally tally;
  tally.rows[static_cast<size_t>(Part::kTrain)] = rows;
  tally.kinds[static_cast<size_t>(kind)] = rows;
  tally.earlier = std::move(earlier);
  return tally;
}

TEST(TaskIds, FollowFromThePromptAndKeepApart) {
  const std::vector<TaskTally> tallies{TallyOf(10, TargetKind::kLabel),
                                       TallyOf(20, TargetKind::kLabel),
                                       TallyOf(30, TargetKind::kText)};
  const auto tasks = ReportTasks(tallies, {7, 7, 8}, {});
  EXPECT_THAT(tasks[0].id, testing::MatchesRegex("t-[0-9a-f]{8}"));
  EXPECT_NE(tasks[0].id, tasks[1].id);
  EXPECT_NE(tasks[0].name, tasks[1].name);
  EXPECT_EQ(tasks[2].id, ReportTasks({tallies[2]}, {8}, {})[0].id);
  EXPECT_TRUE(tasks[0].replaceable);
  EXPECT_FALSE(tasks[2].replaceable);
  EXPECT_THAT(tasks[2].why, testing::HasSubstr("text without a judge"));
}

TEST(TaskIds, AreTakenFromTheEarlierTaskWithMostRowsInCommon) {
  const std::vector<EarlierTask> earlier{{"t-old0", 100}, {"t-old1", 50}, {"t-old2", 40}};
  const auto tasks = ReportTasks({TallyOf(90, TargetKind::kLabel, {{0, 80}, {-1, 10}}),
                                  TallyOf(60, TargetKind::kLabel, {{1, 40}, {0, 20}}),
                                  TallyOf(45, TargetKind::kLabel, {{1, 10}, {-1, 35}})},
                                 {1, 2, 3}, earlier);
  EXPECT_EQ(tasks[0].id, "t-old0");
  EXPECT_EQ(tasks[1].id, "t-old1");
  EXPECT_THAT(tasks[2].id, testing::Not(testing::StartsWith("t-old")));
}

TEST(ClusterReport, ComesBackFromJson) {
  ClusterReport report{.rest = {1, 2, 3, 4}, .rows = 90, .unusable = 5, .frames = 2};
  report.tasks.push_back({.id = "t-1",
                          .name = "book",
                          .kind = TargetKind::kToolCall,
                          .kind_share = 0.5,
                          .terms = {"table"},
                          .tools = {"Book"},
                          .rows = {10, 20, 30, 20},
                          .replaceable = true,
                          .why = "because"});
  const auto back = ClusterReportFrom(ToJson(report));
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(json::serialize(ToJson(*back)), json::serialize(ToJson(report)));
  for (const char* bad : {"7", R"({"v":2,"tasks":[]})", R"({"v":1,"tasks":[{"id":"t"}]})"}) {
    EXPECT_FALSE(ClusterReportFrom(*ParseJson(bad))) << bad;
  }
}

}  // namespace
}  // namespace understudy
