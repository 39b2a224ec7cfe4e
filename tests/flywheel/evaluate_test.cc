// With the real llama-server and the tiny random model.
#include "flywheel/evaluate/evaluate.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/line_reader.h"
#include "flywheel/evaluate/graded_answer.h"
#include "flywheel/evaluate_fixture.h"
#include "support/llama.h"
#include "support/paths.h"
#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

class EvaluateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_LLAMA_SERVER();
    options_.base = testing::TinyModel().model;
    options_.home = folder_ / "home";
    options_.slots = 2;
    options_.context = 1024;
    options_.threads = 1;
    options_.most_tokens = 24;
    options_.inputs = {folder_ / "data"};
    place_.out = folder_ / "score";
    ASSERT_TRUE(MakeFolders(folder_ / "data"));
    Write("data/test.jsonl", Lines(6));
  }
  static std::string Lines(int rows) {
    std::string lines;
    for (int i = 0; i < rows; ++i) {
      lines += i % 2 ? EvalLine(fmt::format("e{}", i), fmt::format("book {}", i),
                                Calls("book", R"({"n":2})"), kBookTool)
                     : EvalLine(fmt::format("e{}", i), fmt::format("word {}", i), Says("yes"));
    }
    return lines;
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, text));
  }
  Result<Evaluated> Run() { return Evaluate(options_, place_, hooks_); }
  std::vector<GradedAnswer> Answers(const std::filesystem::path& path) {
    std::vector<GradedAnswer> answers;
    auto reader = LineReader::Open(path.string());
    std::string line;
    while (reader && reader->Next(line).value_or(false)) {
      answers.push_back(GradedAnswerFrom(line).value());
    }
    return answers;
  }

  TempFolder folder_;
  EvaluateOptions options_;
  StagePlace place_;
  StageHooks hooks_;
};

TEST_F(EvaluateTest, MeasuresABaseAndAnAdapter) {
  const auto base = Run();
  ASSERT_TRUE(base) << base.error().ToString();
  const CandidateCard& card = base->card;
  EXPECT_EQ(card.parts.at("test").all.total, 6);
  EXPECT_EQ(card.kinds[static_cast<size_t>(TargetKind::kToolCall)].total, 3);
  EXPECT_EQ(card.kinds[static_cast<size_t>(TargetKind::kLabel)].total, 3);
  EXPECT_GT(card.p50_ms, 0);
  EXPECT_GT(card.tokens_per_s, 0);
  EXPECT_GT(card.memory_bytes, 1 << 20);
  EXPECT_EQ(card.usd_per_1000, 0);
  EXPECT_EQ(card.base.sha256, HashFile(options_.base).value());
  EXPECT_FALSE(card.adapter);
  const auto answers = Answers(place_.out / "answers.jsonl");
  ASSERT_EQ(answers.size(), 6u);
  for (const GradedAnswer& one : answers) {
    EXPECT_LE(one.signals.min_logprob, one.signals.mean_logprob) << one.id;
    EXPECT_GE(one.signals.low_margin, 0) << one.id;
    EXPECT_GT(one.answer_tokens, 0);
    EXPECT_GT(one.prompt_tokens, 0);
    EXPECT_FALSE(one.answer.is_null());
    EXPECT_FALSE(one.right) << "random weights";
  }
  EXPECT_TRUE(Run()->stage.unchanged);

  options_.adapter = testing::TinyModel().adapter_a;
  place_.out = folder_ / "with";
  const auto with = Run();
  ASSERT_TRUE(with) << with.error().ToString();
  EXPECT_EQ(with->card.adapter->sha256, HashFile(options_.adapter).value());
  const auto other = Answers(place_.out / "answers.jsonl");
  int same = 0;
  for (const GradedAnswer& left : answers) {
    for (const GradedAnswer& right : other)
      same += left.id == right.id && left.answer == right.answer;
  }
  EXPECT_LT(same, 6) << "the adapter was applied";
}

TEST_F(EvaluateTest, WhatTheModelSaysIsRightWhereTheReferenceSaidIt) {
  ASSERT_TRUE(Run());
  // The model's own greedy answer to the first question, as the reference's. Cut off by its length,
  // it is right and yet not fit to be served.
  const auto answers = Answers(place_.out / "answers.jsonl");
  const auto first = std::ranges::find(answers, "e0", &GradedAnswer::id);
  const std::string said(StringOr(first->answer, "content"));
  Write("data/test.jsonl", EvalLine("e0", "word 0", Says(said)));
  const auto again = Run();
  ASSERT_TRUE(again) << again.error().ToString();
  const auto graded = Answers(place_.out / "answers.jsonl").at(0);
  EXPECT_TRUE(graded.differences.empty());
  EXPECT_EQ(graded.right, graded.verdict == VerdictKind::kPass);
}

TEST_F(EvaluateTest, AStoppedRunGoesOn) {
  Write("data/test.jsonl", Lines(40));
  int64_t before = 0;
  hooks_.progress = [&](std::string_view what, int64_t done, int64_t) {
    if (what == "Asking") before = done;
  };
  hooks_.stop = [&] { return before >= 5; };
  const auto stopped = Run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_THAT(stopped.error().ToString(), HasSubstr("goes on from there"));
  EXPECT_FALSE(std::filesystem::exists(place_.out));
  const auto kept = Answers(folder_ / "score.part/answers.jsonl");
  EXPECT_GE(kept.size(), 5u);
  EXPECT_LT(kept.size(), 40u);
  int64_t begun_at = -1;
  hooks_.stop = nullptr;
  hooks_.progress = [&](std::string_view what, int64_t done, int64_t total) {
    if (what != "Asking") return;
    if (begun_at < 0) begun_at = done;
    EXPECT_EQ(total, 40);
  };
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_GE(begun_at, std::ssize(kept));
  EXPECT_EQ(done->card.parts.at("test").all.total, 40);
  EXPECT_EQ(Answers(place_.out / "answers.jsonl").size(), 40u);
}

TEST_F(EvaluateTest, ARequestThatDoesNotFitIsAnErrorOfItsOwn) {
  Write("data/test.jsonl", Lines(1) + EvalLine("long", std::string(20'000, 'x'), Says("yes")));
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(done->card.verdicts.at("error"), 1);
  const auto answers = Answers(place_.out / "answers.jsonl");
  const auto failed = std::ranges::find(answers, "long", &GradedAnswer::id);
  EXPECT_THAT(failed->detail, HasSubstr("context_length"));
  EXPECT_TRUE(failed->answer.is_null());
}

TEST_F(EvaluateTest, BadInputIsNamedBeforeAnythingIsAsked) {
  const auto error = [&] {
    const auto failed = Run();
    EXPECT_FALSE(failed);
    EXPECT_FALSE(std::filesystem::exists(place_.out));
    return failed ? std::string() : failed.error().ToString();
  };
  options_.base = folder_ / "no.gguf";
  EXPECT_THAT(error(), HasSubstr("there is no base model"));
  options_.base = folder_ / "data/test.jsonl";
  EXPECT_THAT(error(), HasSubstr("GGUF"));
  options_.base = testing::TinyModel().model;
  options_.adapter = folder_ / "no.gguf";
  EXPECT_THAT(error(), HasSubstr("there is no adapter"));
  options_.adapter = options_.base;
  EXPECT_THAT(error(), HasSubstr("adapters[0]"));
  options_.base = SourceFolder() / "weights/understudy-base.gguf";
  options_.adapter = testing::TinyModel().adapter_a;
  EXPECT_THAT(error(), HasSubstr("adapters[0]")) << "an adapter of another base";
  options_.base = testing::TinyModel().model;
  options_.adapter.clear();
  Write("data/valid.jsonl", "\n");
  EXPECT_THAT(error(), HasSubstr("the part valid is empty"));
  options_.parts = {"calib"};
  EXPECT_THAT(error(), HasSubstr("no calib.jsonl"));
  options_.parts = {"test"};
  options_.overlap = 2;
  EXPECT_THAT(error(), HasSubstr("overlap"));
}

TEST(PeakMemory, IsOfAProcessThatLives) {
  EXPECT_GT(PeakMemoryBytes(::getpid()), 1 << 20);
  EXPECT_EQ(PeakMemoryBytes(0), 0);
  EXPECT_EQ(PeakMemoryBytes(-7), 0);
}

}  // namespace
}  // namespace understudy
