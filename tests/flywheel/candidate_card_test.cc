#include "flywheel/evaluate/candidate_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "flywheel/evaluate/answer_log.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

GradedAnswer Answer(int64_t row, bool right, TargetKind kind = TargetKind::kLabel) {
  GradedAnswer graded;
  graded.id = fmt::format("e{}", row);
  graded.part = "valid";
  graded.row = row;
  graded.kind = kind;
  graded.right = right;
  graded.verdict = VerdictKind::kPass;
  graded.ms = static_cast<double>(10 * row);
  graded.first_ms = 5;
  graded.prompt_tokens = 100;
  graded.answer_tokens = 11;
  return graded;
}

TEST(CandidateCard, CountsSharesWithExactIntervals) {
  std::vector<GradedAnswer> answers;
  for (int64_t i = 1; i <= 10; ++i) answers.push_back(Answer(i, i != 3));
  answers.push_back(Answer(11, false, TargetKind::kText));
  answers.back().of_reference = false;
  answers.back().verdict = VerdictKind::kEmpty;
  CandidateCard card;
  CountAnswers(answers, {1, 10}, card);
  const PartScore& part = card.parts.at("valid");
  EXPECT_EQ(part.all.total, 11);
  EXPECT_EQ(part.all.right, 9);
  EXPECT_EQ(part.accepted, 10);
  EXPECT_EQ(part.against_reference.total, 10);
  EXPECT_EQ(part.replaceable.total, 10);
  EXPECT_NEAR(part.replaceable.bounds().low, 0.554984, 1e-6);  // scipy 1.17.1, 9 of 10
  EXPECT_NEAR(part.replaceable.bounds().high, 0.997471, 1e-6);
  EXPECT_NEAR(part.replaceable.worse_at_most(), 0.394163, 1e-6);
  EXPECT_EQ(card.p50_ms, 60);
  EXPECT_EQ(card.p90_ms, 100);
  EXPECT_EQ(card.first_p50_ms, 5);
  EXPECT_NEAR(card.usd_per_1000, (100 * 1 + 11 * 10) / 1000.0, 1e-9);
  EXPECT_NEAR(card.tokens_per_s, 1000.0 * 110 / (660 - 55), 1e-9);
}

TEST(CandidateCard, TextCountsAsReplaceableWithAnOverlapOnly) {
  CandidateCard card;
  card.overlap = 0.8;
  CountAnswers(std::vector{Answer(1, true, TargetKind::kText)}, {}, card);
  EXPECT_EQ(card.parts.at("valid").replaceable.total, 1);
  EXPECT_TRUE(ToJson(card).at("by_kind").at("text").at("replaceable").as_bool());
}

TEST(CandidateCard, ErrorsHaveNoTime) {
  GradedAnswer failed = Answer(1, false);
  failed.verdict = VerdictKind::kError;
  CandidateCard card;
  CountAnswers(std::vector{failed, Answer(4, true)}, {}, card);
  EXPECT_EQ(card.p50_ms, 40);
  EXPECT_EQ(card.verdicts.at("error"), 1);
}

TEST(CandidateCard, IsWrittenAndReadBack) {
  std::vector<GradedAnswer> answers{Answer(1, true), Answer(2, false, TargetKind::kToolCall)};
  answers[1].differences = {{DifferenceKind::kValue, "book", "time"},
                            {DifferenceKind::kExtra, "book", "x"}};
  answers[1].part = "test";
  CandidateCard card;
  card.task = "t-1";
  card.base_name = "small";
  card.base = {"/m/small.gguf", "ab"};
  card.adapter = CandidateCard::File{"/m/a.gguf", "cd"};
  card.parameters = 11;
  card.memory_bytes = 1 << 20;
  card.overlap = 0.5;
  CountAnswers(answers, {}, card);
  EXPECT_EQ(card.tools.at("book").total, 1);
  const json::object written = ToJson(card);
  const auto read = CandidateCardFrom(written);
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(ToJson(*read), written);
  EXPECT_FALSE(CandidateCardFrom(json::object{{"v", 1}}));
  json::object later = written;
  later["v"] = 2;
  EXPECT_FALSE(CandidateCardFrom(later));
}

TEST(GradedAnswer, IsWrittenAndReadBack) {
  GradedAnswer graded = Answer(7, false, TargetKind::kJson);
  graded.signals = {-1.5F, -0.5F, 0.25F, 0.5F, 11};
  graded.verdict = VerdictKind::kSchemaViolation;
  graded.detail = "choices[0].content: x";
  graded.answer = json::object{{"role", "assistant"}, {"content", "{}"}};
  graded.differences = {{DifferenceKind::kMissing, "", "a.b"}};
  graded.of_reference = false;
  const std::string line = json::serialize(ToJson(graded));
  const auto read = GradedAnswerFrom(line);
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(json::serialize(ToJson(*read)), line);
  EXPECT_FALSE(GradedAnswerFrom(line.substr(0, line.size() / 2)));
  EXPECT_FALSE(GradedAnswerFrom("{}"));
}

TEST(AnswerLog, GoesOnAfterAKill) {
  TempFolder folder;
  std::vector<EvalExample> examples(3);
  for (int64_t i = 0; i < 3; ++i) {
    examples[static_cast<size_t>(i)].part = "valid";
    examples[static_cast<size_t>(i)].row = i + 1;
    examples[static_cast<size_t>(i)].id = fmt::format("e{}", i + 1);
  }
  const auto path = folder / "answers.jsonl";
  {
    auto log = AnswerLog::Open(path, false, examples);
    ASSERT_TRUE(log);
    EXPECT_THAT(log->open_examples(), testing::ElementsAre(0, 1, 2));
    ASSERT_TRUE(log->Add(Answer(2, true)));
  }
  const std::string whole = ReadFile(path).value();
  GradedAnswer other = Answer(3, true);
  other.id = "another data set's";
  const std::string stranger = json::serialize(ToJson(other)) + "\n";
  // The same twice, another file's row, and a line that the kill cut off.
  ASSERT_TRUE(WriteFileAtomically(path, whole + whole + stranger + whole.substr(0, 40)));
  auto log = AnswerLog::Open(path, true, examples);
  ASSERT_TRUE(log) << log.error().ToString();
  EXPECT_THAT(log->open_examples(), testing::ElementsAre(0, 2));
  ASSERT_TRUE(log->Add(Answer(1, false)));
  EXPECT_EQ(log->answers().size(), 2u);
  EXPECT_EQ(ReadFile(path).value(), whole + json::serialize(ToJson(Answer(1, false))) + "\n");
  EXPECT_EQ(AnswerLog::Open(path, false, examples)->open_examples().size(), 3u);
}

}  // namespace
}  // namespace understudy
