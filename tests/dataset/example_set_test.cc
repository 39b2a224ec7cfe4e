#include "dataset/example_set.h"

#include <unistd.h>

#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/chat_fixture.h"

namespace understudy::testing {
namespace {

using ::testing::HasSubstr;

ExampleSet Parse(const std::string& lines) {
  auto set = ParseExampleSet(lines, "data.jsonl");
  EXPECT_TRUE(set.has_value()) << set.error().ToString();
  return set ? *std::move(set) : ExampleSet{};
}

std::string Good() {
  return Line("s", User("good"), Said("yes"));
}

// The bad line stands second; the reason's count and line are checked.
void ExpectSkipped(const std::string& bad, SkipReason reason) {
  const ExampleSet set = Parse(Good() + bad);
  EXPECT_EQ(set.examples.size(), 1u) << bad;
  EXPECT_EQ(set.report[reason].rows, 1) << Name(reason) << " " << ToText(set.report);
  EXPECT_EQ(set.report[reason].first_line, 2) << bad;
}

TEST(ExampleSet, NamesWhyARowIsLeftOut) {
  ExpectSkipped("{\"id\":\n", SkipReason::kMalformed);
  ExpectSkipped(R"({"id":"x","request":{"messages":[{"role":"user","content":"a"}]}})",
                SkipReason::kNoAnswer);
  ExpectSkipped(R"({"id":"x","request":{"messages":[]},"response":{"error":{"message":"no"}}})",
                SkipReason::kNoAnswer);
  ExpectSkipped(Line("s", User("a"), Said("  ")), SkipReason::kEmptyAnswer);
  ExpectSkipped(Line("s", User("a"), R"({"role":"assistant","content":null,"refusal":"no"})"),
                SkipReason::kEmptyAnswer);
  ExpectSkipped(Line("s", User("a"), Said("cut"), "", R"(,"finish_reason":"length")"),
                SkipReason::kTruncatedAnswer);
  ExpectSkipped(Line("s", Said("a"), Said("b")), SkipReason::kWrongRoles);
  ExpectSkipped(Line("s", R"({"role":"robot","content":"a"})", Said("b")), SkipReason::kWrongRoles);
  ExpectSkipped(
      Line("s", User("a") + R"(,{"role":"tool","tool_call_id":"c","content":"1"})", Said("b")),
      SkipReason::kWrongRoles);
  ExpectSkipped(
      Line("s", R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]})",
           Said("b")),
      SkipReason::kNonText);
  ExpectSkipped(Line("s", User("a"), Called("c", "find", "{\"x\":") + "", kTools),
                SkipReason::kBrokenArguments);
  ExpectSkipped(Line("s", User("a"), Called("c", "find", "[1]"), kTools),
                SkipReason::kBrokenArguments);
  ExpectSkipped(Line("s", User("a"), Called("c", "lose", "{}"), kTools), SkipReason::kUnknownTool);
  ExpectSkipped(Line("s", User("a"), Called("c", "find", "{}")), SkipReason::kUnknownTool);
  ExpectSkipped(Line("s", User("a"), Said("b"), R"(,"tools":[{"type":"function"}])"),
                SkipReason::kWrongTools);
}

TEST(ExampleSet, LeavesOutWhatFailedVerification) {
  const std::string line =
      R"({"id":"x","outcome":"unverified","request":{"messages":[{"role":"user","content":"a"}]},)"
      R"("response":{"choices":[{"message":{"role":"assistant","content":"b"}}]}})";
  ExpectSkipped(line, SkipReason::kFailedAnswer);
}

TEST(ExampleSet, LearnsFromTheReferenceWhereAnotherWasServed) {
  const std::string line =
      R"({"id":"x","request":{"messages":[{"role":"user","content":"a"}]},)"
      R"("response":{"choices":[{"message":{"role":"assistant","content":"small"}}]},"answers":[)"
      R"({"kind":"slm","served":true},{"kind":"reference","response":)"
      R"({"choices":[{"message":{"role":"assistant","content":"large"}}]}}]})";
  const ExampleSet set = Parse(line);
  EXPECT_EQ((*set.texts)[set.examples.at(0).answer], R"({"role":"assistant","content":"large"})");
}

TEST(ExampleSet, WritesMessagesInOneForm) {
  const std::string history =
      User("a") + "," + Called("call_9f", "find", R"({ "b": 1.0, "a": "x y" })") +
      R"(,{"role":"tool","tool_call_id":"call_9f","content":[{"type":"text","text":"r"}],"extra":1})";
  const ExampleSet set = Parse(Line("s", history, Called("call_77", "find", "{}"), kTools));
  const Example& example = set.examples.at(0);
  EXPECT_EQ(
      (*set.texts)[example.messages.at(1)],
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"call00000","type":"function",)"
      R"("function":{"name":"find","arguments":"{\"b\":1.0,\"a\":\"x y\"}"}}]})");
  EXPECT_EQ((*set.texts)[example.messages.at(2)],
            R"({"role":"tool","content":"r","tool_call_id":"call00000"})");
  EXPECT_THAT(std::string((*set.texts)[example.answer]), HasSubstr("call00001"));
}

TEST(ExampleSet, AForcedToolStandsAlone) {
  const std::string more = R"(,"tools":[{"type":"function","function":{"name":"find"}},)"
                           R"({"type":"function","function":{"name":"book"}}],)"
                           R"("tool_choice":{"type":"function","function":{"name":"book"}})";
  const ExampleSet set = Parse(Line("s", User("a"), Called("c", "book", "{}"), more));
  EXPECT_EQ((*set.texts)[set.examples.at(0).tools],
            R"([{"type":"function","function":{"name":"book"}}])");
  ExpectSkipped(Line("s", User("a"), Called("c", "find", "{}"), more), SkipReason::kUnknownTool);
}

TEST(ExampleSet, HalfDuplicatesJustWork) {
  std::string lines;
  for (int i = 0; i < 50; ++i) {
    // Another id and another session are no other example; another text is.
    lines += Line("s" + std::to_string(i), User("q" + std::to_string(i)), Said("a"));
    lines += Line("t", User("q" + std::to_string(i)), Said("a"));
  }
  const ExampleSet set = Parse(lines);
  EXPECT_EQ(set.examples.size(), 50u);
  EXPECT_EQ(set.report.rows, 100);
  EXPECT_EQ(set.report[SkipReason::kDuplicate].rows, 50);
  EXPECT_EQ(set.report[SkipReason::kDuplicate].first_line, 2);
  EXPECT_EQ(set.report.contradictory_requests, 0);
}

TEST(ExampleSet, TheMostFrequentAnswerWins) {
  const ExampleSet set =
      Parse(Line("s", User("q"), Said("wrong")) + Line("s", User("q"), Said("right")) +
            Line("s", User("q"), Said("right")) + Line("s", User("r"), Said("first")) +
            Line("s", User("r"), Said("second")));
  ASSERT_EQ(set.examples.size(), 2u);
  EXPECT_THAT(std::string((*set.texts)[set.examples[0].answer]), HasSubstr("right"));
  EXPECT_THAT(std::string((*set.texts)[set.examples[1].answer]), HasSubstr("first"));
  EXPECT_EQ(set.report.contradictory_requests, 2);
  EXPECT_EQ(set.report[SkipReason::kContradiction].rows, 2);
  EXPECT_EQ(set.report[SkipReason::kDuplicate].rows, 1);
}

TEST(ExampleSet, SaysWhyNothingIsLeft) {
  const auto none = ParseExampleSet("\n  \n", "data.jsonl");
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().ToString(), HasSubstr("data.jsonl has no rows"));
  const auto broken = ParseExampleSet(
      Line("s", User("a"), Said("")) + "nonsense\n" + Line("s", User("b"), Said("")), "data.jsonl");
  ASSERT_FALSE(broken.has_value());
  EXPECT_THAT(broken.error().ToString(),
              HasSubstr("none of the 3 rows can be trained on; 2 of them: an answer with neither"));
  EXPECT_THAT(broken.error().ToString(), HasSubstr("data.jsonl:1"));
  EXPECT_FALSE(ParseExampleSet(std::string(1000, '\0'), "data.jsonl").has_value());
}

TEST(ExampleSet, ReadsFilesAndRefusesPackedOnes) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto path = folder / fmt::format("understudy-set-{}.jsonl", ::getpid());
  std::ofstream(path) << Good();
  EXPECT_EQ(ReadExampleSet(path)->examples.size(), 1u);
  std::ofstream(path) << "\x1f\x8b packed";
  EXPECT_THAT(ReadExampleSet(path).error().ToString(), HasSubstr("gunzip"));
  std::filesystem::remove(path);
  EXPECT_FALSE(ReadExampleSet(path).has_value());
}

TEST(ExampleSet, ReportsAsTextAndJson) {
  const ExampleSet set = Parse(Good() + Good() + "{\n");
  EXPECT_THAT(ToText(set.report), HasSubstr("data.jsonl: 3 rows, 1 used, 2 left out"));
  EXPECT_THAT(ToText(set.report), HasSubstr("1  duplicate: the same request and answer as before"));
  EXPECT_THAT(json::serialize(ToJson(set.report)),
              HasSubstr(R"("duplicate":{"rows":1,"first_line":2})"));
}

// `sessions` of four calls each.
std::string Sessions(int sessions) {
  std::string lines;
  for (int i = 0; i < sessions * 4; ++i) {
    lines += Line(fmt::format("s{}", i / 4), User(fmt::format("q{}", i)), Said("a"));
  }
  return lines;
}

TEST(Split, TakesWholeSessions) {
  const Split split = SplitExamples(Parse(Sessions(200)), {});
  EXPECT_EQ(split.valid.examples.size(), 40u);  // 5 % of 800
  EXPECT_EQ(split.train.examples.size(), 760u);
  std::set<std::string> train, valid;
  for (const Example& example : split.train.examples) train.insert(example.session);
  for (const Example& example : split.valid.examples) valid.insert(example.session);
  EXPECT_EQ(valid.size(), 10u);
  for (const std::string& session : valid) EXPECT_FALSE(train.contains(session));
}

TEST(Split, HoldsItsLimits) {
  EXPECT_EQ(SplitExamples(Parse(Sessions(25)), {}).valid.examples.size(), 20u);
  SplitOptions small;
  small.most = 100;
  EXPECT_EQ(SplitExamples(Parse(Sessions(1000)), small).valid.examples.size(), 100u);
  EXPECT_EQ(SplitExamples(Parse(Sessions(4)), {}).valid.examples.size(), 8u);  // half
  EXPECT_EQ(SplitExamples(Parse(Sessions(1)), {}).valid.examples.size(), 0u);  // one session
  EXPECT_EQ(SplitExamples(Parse(Good()), {}).train.examples.size(), 1u);
}

TEST(HoldOut, WhatIsMeasuredIsNotLearnt) {
  ExampleSet train = Parse(Line("s", User("other"), Said("yes")) + Line("s", User("q"), Said("a")) +
                           Line("s", User("q"), Said("a"), kTools));
  const ExampleSet valid = Parse(Line("t", User("q"), Said("b")));
  HoldOut(train, valid);
  ASSERT_EQ(train.examples.size(), 2u);  // with other tools it is another request
  EXPECT_EQ(train.examples[0].line, 1);
  EXPECT_EQ(train.examples[1].line, 3);
  EXPECT_EQ(train.report.used, 2);
  EXPECT_EQ(train.report[SkipReason::kHeldOut].first_line, 2);
}

TEST(Split, StaysMostlyWhenTheFileGrows) {
  const auto sessions = [](const Split& split) {
    std::set<std::string> names;
    for (const Example& example : split.valid.examples) names.insert(example.session);
    return names;
  };
  const auto before = sessions(SplitExamples(Parse(Sessions(200)), {}));
  const auto after = sessions(SplitExamples(Parse(Sessions(220)), {}));
  size_t kept = 0;
  for (const std::string& name : before) kept += after.contains(name);
  EXPECT_GE(kept, before.size() - 2);
  SplitOptions other;
  other.key = 7;
  EXPECT_NE(sessions(SplitExamples(Parse(Sessions(200)), other)), before);
}

}  // namespace
}  // namespace understudy::testing
