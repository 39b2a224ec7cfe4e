#include "flywheel/evaluate/eval_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "flywheel/evaluate_fixture.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

class EvalExamplesTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(MakeFolders((folder_ / name).parent_path()));
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, text));
    return folder_ / name;
  }
  Result<EvalSet> Read(const std::string& lines, int64_t limit = 0) {
    return ReadEvalSet({{Write("test.jsonl", lines), "test"}}, limit, 64);
  }
  std::vector<std::string> Parts(const std::vector<EvalInput>& inputs) {
    std::vector<std::string> parts;
    for (const EvalInput& one : inputs) parts.push_back(one.part);
    return parts;
  }

  TempFolder folder_;
};

TEST_F(EvalExamplesTest, FoldersGiveTheirPartsAndFilesTheirNames) {
  Write("d/valid.jsonl", "x");
  Write("d/test.jsonl", "x");
  Write("d/calib.jsonl", "");
  const auto found =
      FindEvalInputs({folder_ / "d", Write("calib.jsonl.gz", ""), Write("a.jsonl", "")}, {});
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_THAT(Parts(*found), testing::ElementsAre("valid", "test", "calib", "test"));
  EXPECT_THAT(Parts(FindEvalInputs({folder_ / "d"}, {"test"}).value()),
              testing::ElementsAre("test"));
  EXPECT_THAT(FindEvalInputs({folder_ / "d"}, {"train"}).error().ToString(),
              HasSubstr("no train.jsonl"));
  EXPECT_EQ(FindEvalInputs({folder_ / "no.jsonl"}, {}).error().kind, ErrorKind::kNotFound);
  Write("e/other.jsonl", "x");
  EXPECT_THAT(FindEvalInputs({folder_ / "e"}, {}).error().ToString(),
              HasSubstr("nothing to measure on"));
}

TEST_F(EvalExamplesTest, RequestsAreMadeGreedyAndOtherwiseStay) {
  const auto set = Read(EvalLine(
      "e1", "hi", Says("yes"),
      R"("model":"big","stream":true,"stream_options":{"include_usage":true},"n":2,"seed":4,)"
      R"("logprobs":true,"top_logprobs":3,"temperature":0.9,"max_completion_tokens":500,)"
      R"("response_format":{"type":"json_object"})"));
  ASSERT_TRUE(set) << set.error().ToString();
  const EvalExample& one = set->examples.at(0);
  EXPECT_EQ(one.ask.temperature, 0);
  EXPECT_EQ(one.ask.max_tokens, 64);
  EXPECT_EQ(one.ask.n, 1);
  EXPECT_FALSE(one.ask.stream || one.ask.logprobs || one.ask.include_usage);
  EXPECT_EQ(one.ask.response_format, ResponseFormat::kJsonObject);
  EXPECT_EQ(one.kind, TargetKind::kJson) << "as the request asks";
  EXPECT_EQ(one.ask.model, "big");
  EXPECT_EQ(one.id, "e1");
  EXPECT_EQ(one.row, 1);
  EXPECT_EQ(Read(EvalLine("e", "hi", Says("x"), R"("max_tokens":5)"))->examples[0].ask.max_tokens,
            5);
}

TEST_F(EvalExamplesTest, BadRowsAreCountedAndRefusalsAreAnswers) {
  const auto set = Read("{broken\n\n" + EvalLine("a", "q", Says("billing")) +
                        EvalLine("b", "q", R"("content":null,"refusal":"I must decline.")") +
                        EvalLine("c", "q", Says("I'm sorry, I can't help with that.")) +
                        EvalLine("d", "q", Calls("fly", "{}"), kBookTool));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->examples.size(), 3u);
  EXPECT_EQ(set->report.rows, 5);
  EXPECT_EQ(set->report[SkipReason::kMalformed].rows, 1);
  EXPECT_EQ(set->report[SkipReason::kUnknownTool].rows, 1);
  EXPECT_EQ(set->examples[0].kind, TargetKind::kLabel);
  EXPECT_FALSE(set->examples[0].refusal);
  EXPECT_TRUE(set->examples[1].refusal);
  EXPECT_TRUE(set->examples[2].refusal);
  EXPECT_EQ(set->examples[2].kind, TargetKind::kText);
}

TEST_F(EvalExamplesTest, ASmallModelsOwnAnswerIsNotTheReferences) {
  std::string line = EvalLine("a", "q", Says("billing"));
  line.insert(line.size() - 2, R"(,"answers":[{"kind":"slm","model":"m","served":true}])");
  const auto set = Read(line + EvalLine("b", "q", Says("billing")));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->examples.size(), 2u);
  EXPECT_FALSE(set->examples[0].of_reference);
  EXPECT_TRUE(set->examples[1].of_reference);
}

TEST_F(EvalExamplesTest, ALimitTakesTheSameOnesWhenTheFileGrows) {
  std::string lines;
  for (int i = 0; i < 400; ++i) lines += EvalLine(fmt::format("e{}", i), "q", Says("yes"));
  const auto ids = [&](int64_t limit) {
    std::vector<std::string> found;
    const auto set = Read(lines, limit);  // named: a temporary would not outlive the loop's start
    for (const EvalExample& one : set->examples) found.push_back(one.id);
    return found;
  };
  const auto few = ids(7), more = ids(20);
  EXPECT_EQ(few.size(), 7u);
  EXPECT_EQ(ids(1000).size(), 400u);
  for (const std::string& id : few) EXPECT_THAT(more, testing::Contains(id));
  EXPECT_EQ(Read(lines, 7)->report.used, 400);
}

TEST_F(EvalExamplesTest, AnEmptyPartIsNamed) {
  const auto none = ReadEvalSet({{Write("valid.jsonl", "\n"), "valid"}}, 0, 64);
  EXPECT_THAT(none.error().ToString(), HasSubstr("the part valid is empty: it has no rows"));
  EXPECT_THAT(Read("{}\n").error().ToString(), HasSubstr("none of its rows can be used"));
}

}  // namespace
}  // namespace understudy
