#include "dataset/sequence.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/chat_fixture.h"
#include "dataset/fold.h"
#include "support/data_files.h"

namespace understudy::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ExampleSet Parse(const std::string& lines) {
  auto set = ParseExampleSet(lines, "data.jsonl");
  EXPECT_TRUE(set.has_value()) << set.error().ToString();
  return set ? *std::move(set) : ExampleSet{};
}

std::vector<Sequence> Build(ExampleSet& set, const Renderer& renderer, SequenceOptions options) {
  auto sequences = BuildSequences(set, renderer, options);
  EXPECT_TRUE(sequences.has_value()) << sequences.error().ToString();
  return sequences ? *std::move(sequences) : std::vector<Sequence>{};
}

// What is learnt: for every token under the loss, all tokens before it, and itself.
using Pairs = std::map<std::pair<std::vector<int32_t>, int32_t>, int>;
Pairs PairsOf(const std::vector<Sequence>& sequences) {
  Pairs pairs;
  for (const Sequence& sequence : sequences) {
    for (size_t i = 0; i < sequence.tokens.size(); ++i) {
      if (sequence.weights[i] == 0) continue;
      const std::vector<int32_t> context(sequence.tokens.begin(),
                                         sequence.tokens.begin() + static_cast<long>(i));
      ++pairs[{context, sequence.tokens[i]}];
    }
  }
  return pairs;
}

std::string Targets(const Sequence& sequence) {
  const ByteRenderer bytes;
  std::vector<int32_t> targets;
  for (size_t i = 0; i < sequence.tokens.size(); ++i) {
    if (sequence.weights[i] > 0) targets.push_back(sequence.tokens[i]);
  }
  return bytes.Text(targets);
}

// A session of three calls, the second answer of which was not recorded as one.
std::string Session(std::string_view name, std::string_view more = kTools) {
  const std::string one = User(fmt::format("one of {}", name));
  const std::string call = Called("call_1", "find", R"({"a": 1})");
  const std::string result = R"({"role":"tool","tool_call_id":"call_1","content":"[]"})";
  const std::string three = one + "," + call + "," + result;
  const std::string five = three + "," + Said("nothing found") + "," + User("thanks");
  return Line(name, one, Called("call_1", "find", R"({"a":1})"), more) +
         Line(name, five, Said("welcome"), more);
}

TEST(Sequence, LossOnTheAnswerAndItsEndOnly) {
  ExampleSet set = Parse(Line("s", User("q"), Said("answer")));
  const auto sequences = Build(set, ByteRenderer(), {});
  ASSERT_EQ(sequences.size(), 1u);
  EXPECT_EQ(ByteRenderer().Text(sequences[0].tokens),
            "<s>user\nq<e>\n<s>assistant\nanswer<e>");  // nothing behind the last target
  EXPECT_EQ(Targets(sequences[0]), "answer<e>");
  EXPECT_EQ(set.report.target_tokens, 7);
}

TEST(Sequence, FoldsASessionAndKeepsTheLossOnRecordedAnswers) {
  ExampleSet set = Parse(Session("s"));
  const auto sequences = Build(set, ByteRenderer(), {});
  ASSERT_EQ(sequences.size(), 1u);
  EXPECT_THAT(sequences[0].lines, ElementsAre(1, 2));
  const std::string targets = Targets(sequences[0]);
  EXPECT_THAT(targets, HasSubstr("find"));
  EXPECT_THAT(targets, HasSubstr("<e>welcome<e>"));
  EXPECT_EQ(targets.find("nothing found"), std::string::npos);  // an answer, but no recorded one
  EXPECT_EQ(set.report.folded, 1);
  EXPECT_LT(set.report.tokens, set.report.tokens_unfolded);
}

TEST(Sequence, FoldingChangesNoPair) {
  std::string lines;
  for (int i = 0; i < 5; ++i) lines += Session(fmt::format("s{}", i));
  ExampleSet folded = Parse(lines), plain = folded;
  const auto together = Build(folded, ByteRenderer(), {});
  const auto alone = Build(plain, ByteRenderer(), {.fold = false});
  EXPECT_EQ(together.size(), 5u);
  EXPECT_EQ(alone.size(), 10u);
  EXPECT_EQ(PairsOf(together), PairsOf(alone));
  EXPECT_EQ(folded.report.target_tokens, plain.report.target_tokens);
  EXPECT_EQ(plain.report.tokens, plain.report.tokens_unfolded);
  EXPECT_EQ(folded.report.tokens_unfolded, plain.report.tokens_unfolded);
}

TEST(Sequence, OtherToolsOrSystemPromptsDoNotFold) {
  const std::string more = R"(,"tools":[{"type":"function","function":{"name":"find"}}])";
  ExampleSet tools =
      Parse(Line("s", User("q"), Said("a"), kTools) +
            Line("s", User("q") + "," + Said("a") + "," + User("r"), Said("b"), more));
  EXPECT_EQ(Build(tools, ByteRenderer(), {}).size(), 2u);
  const std::string system = R"({"role":"system","content":"s"},)";
  ExampleSet prompts = Parse(Line("s", system + User("q"), Said("a")) +
                             Line("s", User("q") + "," + Said("a") + "," + User("r"), Said("b")));
  EXPECT_EQ(Build(prompts, ByteRenderer(), {}).size(), 2u);
  ExampleSet sessions = Parse(Line("s", User("q"), Said("a")) +
                              Line("t", User("q") + "," + Said("a") + "," + User("r"), Said("b")));
  EXPECT_EQ(Build(sessions, ByteRenderer(), {}).size(), 2u);
}

TEST(Sequence, AnotherAnswerThanTheOneInTheHistoryStandsAlone) {
  ExampleSet set = Parse(Line("s", User("q"), Said("a")) +
                         Line("s", User("q") + "," + Said("z") + "," + User("r"), Said("b")));
  EXPECT_EQ(Build(set, ByteRenderer(), {}).size(), 2u);
}

TEST(Sequence, ATemplateThatRewritesHistoryDoesNotFold) {
  ByteRenderer renderer;
  renderer.hides_history = true;
  ExampleSet folded = Parse(Session("s")), plain = folded;
  const auto together = Build(folded, renderer, {});
  EXPECT_EQ(together.size(), 2u);
  EXPECT_EQ(folded.report.not_nesting, 1);
  EXPECT_EQ(PairsOf(together), PairsOf(Build(plain, renderer, {.fold = false})));
}

TEST(Sequence, WhatIsTooLongIsLeftOutAndTheRestStillFolds) {
  std::string history = User("q1");
  std::string lines;
  for (int i = 1; i < 6; ++i) {
    const std::string answer = Said(fmt::format("a{}", i));
    lines += Line("s", history, answer);
    history += "," + answer + "," + User(fmt::format("q{}", i + 1));
  }
  ExampleSet set = Parse(lines);
  const auto sequences = Build(set, ByteRenderer(), {.max_tokens = 90});
  ASSERT_EQ(sequences.size(), 1u);
  EXPECT_LE(sequences[0].tokens.size(), 90u);
  EXPECT_THAT(sequences[0].lines, ElementsAre(1, 2, 3));
  EXPECT_EQ(set.report[SkipReason::kTooLong].rows, 2);
  EXPECT_EQ(set.report.used, 3);

  ExampleSet none = Parse(lines);
  const auto failed = BuildSequences(none, ByteRenderer(), {.max_tokens = 5});
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().ToString(), HasSubstr("longer than 5 tokens (data.jsonl:1)"));
}

TEST(Sequence, ATemplateWithoutToolsIsNamed) {
  ByteRenderer renderer;
  renderer.refuses_tools = true;
  ExampleSet set = Parse(Session("s"));
  const auto failed = BuildSequences(set, renderer, {});
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().ToString(), HasSubstr("this template has no tools"));
}

// logprobs.content for the text's bytes, each with itself and "z" as alternatives.
std::string Logprobs(std::string_view text) {
  json::array content;
  for (const char c : text) {
    const json::value token(std::string(1, c));
    content.push_back(json::object{
        {"token", token},
        {"logprob", -0.1},
        {"top_logprobs", json::array{json::object{{"token", "z"}, {"logprob", -2.5}},
                                     json::object{{"token", token}, {"logprob", -0.1}},
                                     json::object{{"token", "unknown token"}, {"logprob", -3.0}},
                                     json::object{{"token", "y"}, {"logprob", -9999.0}}}}});
  }
  return fmt::format(R"(,"logprobs":{{"content":{}}})", json::serialize(content));
}

TEST(SoftTargets, AlignWithTheAnswersTokens) {
  ExampleSet set = Parse(Line("s", User("q"), Said("ab"), "", Logprobs("ab")));
  const auto sequences = Build(set, ByteRenderer(), {});
  const auto& soft = sequences.at(0).soft;
  ASSERT_EQ(soft.size(), 2u);
  EXPECT_EQ(sequences[0].tokens[soft[0].position], 'a');
  EXPECT_EQ(sequences[0].weights[soft[0].position], 1);
  using Alternative = std::pair<int32_t, float>;
  EXPECT_THAT(soft[0].alternatives, ElementsAre(Alternative('a', -0.1F), Alternative('z', -2.5F)));
  EXPECT_EQ(soft[1].position, soft[0].position + 1);
  EXPECT_EQ(set.report.with_logprobs, 1);
  EXPECT_EQ(set.report.aligned, 1);
}

TEST(SoftTargets, OtherTokensAreCountedAsNotAlignable) {
  ExampleSet set = Parse(Line("s", User("q"), Said("ab"), "", Logprobs("ax")) +
                         Line("s", User("r"), Said("ab"), "", R"(,"logprobs":{"content":[]})"));
  for (const Sequence& sequence : Build(set, ByteRenderer(), {})) {
    EXPECT_THAT(sequence.soft, IsEmpty());
  }
  EXPECT_EQ(set.report.with_logprobs, 1);
  EXPECT_EQ(set.report.aligned, 0);
}

// 19,682 recorded calls of a three-step assistant: what folding saves, and that it changes nothing.
TEST(Sequence, FoldsTheAgentLogExactly) {
  const auto path = DataFile("agentlog/sgd_train.jsonl");
  if (!path) GTEST_SKIP() << MissingData("agentlog/sgd_train.jsonl");
  auto set = ReadExampleSet(*path);
  ASSERT_TRUE(set.has_value()) << set.error().ToString();
  EXPECT_EQ(set->report.rows, 19682);
  ExampleSet plain = *set;
  const SequenceOptions all{.max_tokens = size_t{1} << 20, .fold = true};
  const auto together = Build(*set, ByteRenderer(), all);
  std::cout << ToText(set->report);
  // Byte for byte: each unfolded example is a prefix of the sequence that names its line.
  std::map<int64_t, const Sequence*> by_line;
  for (const Sequence& sequence : together) {
    for (const int64_t line : sequence.lines) EXPECT_TRUE(by_line.emplace(line, &sequence).second);
  }
  SequenceOptions unfolded = all;
  unfolded.fold = false;
  const auto alone = Build(plain, ByteRenderer(), unfolded);
  ASSERT_EQ(by_line.size(), alone.size());
  for (const Sequence& sequence : alone) {
    const Sequence& longer = *by_line.at(sequence.lines.at(0));
    ASSERT_TRUE(std::equal(sequence.tokens.begin(), sequence.tokens.end(), longer.tokens.begin()));
    for (size_t i = 0; i < sequence.tokens.size(); ++i) {
      ASSERT_LE(sequence.weights[i], longer.weights[i]);
    }
  }
  EXPECT_EQ(set->report.target_tokens, plain.report.target_tokens);
  EXPECT_LT(2 * set->report.tokens, plain.report.tokens);
}

}  // namespace
}  // namespace understudy::testing
