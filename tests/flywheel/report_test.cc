// The books: who answered what, what it cost, and what it would have cost.
#include "flywheel/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Body(std::string_view content) {
  return fmt::format(R"({{"choices":[{{"message":{{"role":"assistant","content":"{}"}}}}]}})",
                     content);
}

AnswerRecord Answer(AnswerKind kind, std::string_view model, bool served, int64_t in, int64_t out,
                    double cost) {
  AnswerRecord answer;
  answer.kind = kind;
  answer.model = model;
  answer.served = served;
  answer.usage = {.prompt_tokens = in, .completion_tokens = out, .known = true};
  answer.cost_usd = cost;
  return answer;
}

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = OpenSqliteStore(folder_ / "store.db");
    ASSERT_TRUE(opened.has_value());
    store_ = std::move(*opened);
    ModelOptions reference;
    reference.name = "big";
    reference.kind = "openai";
    reference.input_usd = 10;
    reference.output_usd = 20;
    ModelOptions local;
    local.name = "tiny";
    local.kind = "local";
    options_.models = {local, reference};
  }
  Exchange Call(std::string_view task, Outcome outcome, std::vector<AnswerRecord> answers) {
    Exchange exchange;
    exchange.id = fmt::format("ex_{}", ++count_);
    exchange.at_ms = 1'700'000'000'000 + count_;
    exchange.agent = "office";
    exchange.request = std::string(400, ' ');
    exchange.request.replace(0, 15, R"({"messages":[]})");
    exchange.response = Body("yes");
    exchange.decision.emplace();
    exchange.decision->task = task;
    exchange.outcome = outcome;
    exchange.total_us = 1000 * count_;
    exchange.answers = std::move(answers);
    return exchange;
  }
  Report Made(const std::vector<Exchange>& exchanges) {
    EXPECT_TRUE(store_->Append(exchanges, false).has_value());
    auto report =
        MakeReport(*store_, options_, {.filter = {}, .task_names = {{"t-1", "label <it>"}}});
    EXPECT_TRUE(report.has_value());
    return report.value_or(Report{});
  }

  TempFolder folder_;
  std::unique_ptr<UsageStore> store_;
  Options options_;
  int64_t count_ = 0;
};

TEST_F(ReportTest, CountsWhoAnswered) {
  const Report report = Made({
      Call("t-1", Outcome::kServed, {Answer(AnswerKind::kSlm, "tiny", true, 90, 3, 0)}),
      Call("t-1", Outcome::kServed, {Answer(AnswerKind::kReference, "big", true, 100, 5, 0.0011)}),
      Call("t-1", Outcome::kEscalated,
           {Answer(AnswerKind::kSlm, "tiny", false, 90, 3, 0),
            Answer(AnswerKind::kReference, "big", true, 100, 5, 0.0011)}),
      Call("", Outcome::kUpstreamError, {}),
  });
  EXPECT_EQ(report.all.calls, 4);
  EXPECT_EQ(report.all.by_small, 1);
  EXPECT_EQ(report.all.escalated, 1);
  EXPECT_EQ(report.all.by_reference, 1);
  EXPECT_EQ(report.all.failed, 1);
  EXPECT_EQ(report.tasks.at("t-1").calls, 3);
  EXPECT_EQ(report.tasks.at("").failed, 1);
  EXPECT_EQ(report.agents.at("office").calls, 4);
  EXPECT_EQ(report.all.small.calls, 1);
  EXPECT_DOUBLE_EQ(report.all.small.p50_ms, 1);
  EXPECT_DOUBLE_EQ(report.all.reference.p50_ms, 2) << "the escalated call is no call of its own";
  EXPECT_DOUBLE_EQ(report.all.reference.p95_ms, 2);
  EXPECT_DOUBLE_EQ(report.all.after_escalation.p50_ms, 3);
  EXPECT_EQ(report.all.all.calls, 3) << "the one that failed was not answered";
}

TEST_F(ReportTest, EstimatesWhatTheReferenceWouldHaveCost) {
  const Report report = Made({
      Call("t-1", Outcome::kServed, {Answer(AnswerKind::kSlm, "tiny", true, 90, 3, 0)}),
      Call("t-1", Outcome::kServed, {Answer(AnswerKind::kReference, "big", true, 100, 5, 0.0011)}),
      // Its task has no call of the reference's: those of all calls tell.
      Call("t-2", Outcome::kServed, {Answer(AnswerKind::kSlm, "tiny", true, 80, 9, 0)}),
  });
  EXPECT_NEAR(report.tasks.at("t-1").cost_before_usd, 2 * 0.0011, 1e-12);
  EXPECT_NEAR(report.tasks.at("t-2").cost_before_usd, 0.0011, 1e-12);
  EXPECT_NEAR(report.all.cost_before_usd, 3 * 0.0011, 1e-12);
  EXPECT_NEAR(report.all.cost_after_usd, 0.0011, 1e-12);
  EXPECT_TRUE(report.priced);
}

TEST_F(ReportTest, ComparesShadowsWithTheReference) {
  AnswerRecord same = Answer(AnswerKind::kShadow, "tiny", false, 90, 3, 0);
  same.body = Body(" yes ");
  AnswerRecord other = same;
  other.body = Body("no");
  AnswerRecord broken = same;
  broken.body.clear();
  broken.error = "unavailable: down";
  std::vector<Exchange> calls;
  for (const AnswerRecord& shadow : {same, other, broken}) {
    calls.push_back(Call("t-1", Outcome::kServed,
                         {Answer(AnswerKind::kReference, "big", true, 100, 5, 0.0011), shadow}));
  }
  const Report report = Made(calls);
  EXPECT_EQ(report.all.agreed.of, 2);
  EXPECT_EQ(report.all.agreed.count, 1);
  EXPECT_EQ(report.all.by_reference, 3);
  const std::string text = json::serialize(ToJson(report));
  EXPECT_THAT(text, HasSubstr("\"low\":1.2579"));  // Clopper-Pearson of 1 in 2: 0.01258 to 0.98742
}

// Answers that the router would not have asked for, and those that did not pass, say nothing of
// what clients get.
TEST_F(ReportTest, WhatWouldBeServedIsCountedApart) {
  const auto call = [&](std::string_view says, VerdictKind verdict, double probability) {
    AnswerRecord shadow = Answer(AnswerKind::kShadow, "tiny", false, 90, 3, 0.0002);
    shadow.body = Body(says);
    shadow.verdict.kind = verdict;
    Exchange exchange = Call("t-1", Outcome::kServed,
                             {Answer(AnswerKind::kReference, "big", true, 100, 5, 0), shadow});
    exchange.decision->candidates = {
        {.model = "tiny", .probability = probability, .threshold = 0.5}};
    return exchange;
  };
  const Report report =
      Made({call("yes", VerdictKind::kPass, 0.9), call("no", VerdictKind::kDiffers, 0.9),
            call("yes", VerdictKind::kLowConfidence, 0.9),
            call("no", VerdictKind::kInvalidJson, 0.9), call("no", VerdictKind::kDiffers, 0.4)});
  const ReportRow& row = report.tasks.at("t-1");
  EXPECT_EQ(row.agreed.of, 5);
  EXPECT_EQ(row.agreed.count, 2);
  EXPECT_EQ(row.would_serve.count, 2);
  EXPECT_EQ(row.served_well.of, 2);
  EXPECT_EQ(row.served_well.count, 1);
  EXPECT_EQ(row.passed.of, 0);
  EXPECT_NEAR(row.cost_shadow_usd, 0.001, 1e-12);
  EXPECT_EQ(row.cost_after_usd, 0);
  const json::value said = ToJson(report);
  EXPECT_EQ(IntOr(said.at("all").at("served_agreement"), "of", 0), 2);
  EXPECT_NEAR(NumberOr(said.at("all").at("served_agreement"), "low", 0), 0.01258, 1e-5);
  EXPECT_NEAR(NumberOr(said.at("all").at("would_serve"), "share", 0), 0.4, 1e-12);
  EXPECT_THAT(ToHtml(report), HasSubstr("shadow answers took $0.0010 more"));
}

TEST_F(ReportTest, WhatPassedVerificationAndWhatDidNot) {
  AnswerRecord rejected = Answer(AnswerKind::kSlm, "tiny", false, 90, 3, 0);
  rejected.verdict.kind = VerdictKind::kInvalidJson;
  AnswerRecord down = rejected;
  down.verdict.kind = VerdictKind::kError;
  down.error = "unavailable: down";
  AnswerRecord let_through = rejected;
  let_through.served = true;
  const Report report =
      Made({Call("t-1", Outcome::kServed, {Answer(AnswerKind::kSlm, "tiny", true, 90, 3, 0)}),
            Call("t-1", Outcome::kEscalated,
                 {rejected, Answer(AnswerKind::kReference, "big", true, 100, 5, 0)}),
            Call("t-1", Outcome::kFellBack,
                 {down, Answer(AnswerKind::kReference, "big", true, 100, 5, 0)}),
            Call("t-1", Outcome::kUnverified, {let_through})});
  EXPECT_EQ(report.all.passed.of, 3) << "a model that is down answers nothing";
  EXPECT_EQ(report.all.passed.count, 1);
  EXPECT_EQ(report.all.by_small, 2);
  EXPECT_EQ(report.all.unverified, 1);
  EXPECT_EQ(report.all.fell_back, 1);
}

TEST_F(ReportTest, ATaskSaysInWhichStageItsDeploymentIs) {
  ASSERT_TRUE(store_->Append({Call("t-1", Outcome::kServed, {})}, false));
  const auto report = MakeReport(*store_, options_,
                                 {.task_names = {{"t-1", "label"}}, .stages = {{"t-1", "live"}}});
  ASSERT_TRUE(report);
  EXPECT_EQ(StringOr(json::value(ToJson(*report)).at("tasks").at(0), "stages"), "live");
  EXPECT_THAT(ToHtml(*report), HasSubstr("label <span class=note>live</span>"));
}

TEST_F(ReportTest, ThePageEscapesNamesAndNeedsNothingElse) {
  const std::string page = ToHtml(
      Made({Call("t-1", Outcome::kServed, {Answer(AnswerKind::kSlm, "tiny", true, 90, 3, 0)})}));
  EXPECT_THAT(page, HasSubstr("label &lt;it&gt;"));
  EXPECT_THAT(page, HasSubstr("100.0 %"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
}

TEST_F(ReportTest, AnEmptyStoreMakesAReportThatSaysSo) {
  const Report report = Made({});
  EXPECT_EQ(report.all.calls, 0);
  EXPECT_THAT(ToHtml(report), HasSubstr("Nothing was recorded yet"));
  EXPECT_THAT(json::serialize(ToJson(report)), HasSubstr("\"tasks\":[]"));
}

TEST_F(ReportTest, WithoutAPriceNoCostIsShown) {
  options_.models[1].input_usd = options_.models[1].output_usd = 0;
  const Report report = Made(
      {Call("t-1", Outcome::kServed, {Answer(AnswerKind::kReference, "big", true, 100, 5, 0)})});
  EXPECT_FALSE(report.priced);
  EXPECT_THAT(ToHtml(report), HasSubstr("no cost is shown"));
}

}  // namespace
}  // namespace understudy
