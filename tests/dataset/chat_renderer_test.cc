#include "dataset/chat_renderer.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/chat_fixture.h"
#include "dataset/sequence.h"
#include "gguf/writer.h"
#include "support/data_files.h"
#include "tokens/learn_vocabulary.h"

namespace understudy::testing {
namespace {

using ::testing::HasSubstr;

ChatRenderer Make(Vocabulary vocabulary = BytesAndSpecials()) {
  return ChatRenderer(ChatTokenizer(Tokenizer::FromVocabulary(std::move(vocabulary)).value()));
}

std::string TextOf(const ChatRenderer& renderer, const Sequence& sequence, bool targets) {
  std::string text;
  for (size_t i = 0; i < sequence.tokens.size(); ++i) {
    if (!targets || sequence.weights[i] > 0) text += renderer.Piece(sequence.tokens[i]);
  }
  return text;
}

constexpr std::string_view kCall =
    "<tool_call>\n{\"name\": \"find\", \"arguments\": {\"a\": 1}}\n</tool_call><|im_end|>";

std::string Session() {
  const std::string one = User("q");
  const std::string call = Called("call_1", "find", R"({"a": 1})");
  const std::string result = R"({"role":"tool","tool_call_id":"call_1","content":"[]"})";
  return Line("s", one, call, kTools) +
         Line("s", one + "," + call + "," + result, Said("nothing"), kTools);
}

TEST(ChatRenderer, TheLossIsOnCallsAnswersAndTheirEnds) {
  const ChatRenderer renderer = Make();
  auto set = ParseExampleSet(Session(), "data.jsonl");
  const auto sequences = BuildSequences(*set, renderer, {});
  ASSERT_TRUE(sequences.has_value()) << sequences.error().ToString();
  ASSERT_EQ(sequences->size(), 1u);
  EXPECT_EQ(set->report.folded, 1);
  EXPECT_EQ(set->report.not_nesting, 0);
  EXPECT_EQ(TextOf(renderer, sequences->at(0), true), std::string(kCall) + "nothing<|im_end|>");
  EXPECT_THAT(TextOf(renderer, sequences->at(0), false),
              ::testing::EndsWith("<|im_start|>assistant\nnothing<|im_end|>"));
}

TEST(ChatRenderer, FindsTokensByTheirBytes) {
  const ChatRenderer renderer = Make();
  for (int32_t id = 0; id < 256 + 3; ++id) EXPECT_EQ(renderer.Find(renderer.Piece(id)), id);
  EXPECT_EQ(renderer.Find("no such token"), std::nullopt);
  EXPECT_EQ(renderer.Piece(renderer.Find("<|im_end|>").value()), "<|im_end|>");
}

TEST(ChatRenderer, RefusesABaseWithAnotherTemplate) {
  for (const std::string_view text :
       {std::string_view(), std::string_view("{{ messages }}"), kChatTemplate}) {
    GgufWriter writer;
    writer.Set("general.architecture", "llama");
    WriteVocabulary(BytesAndSpecials(), writer);
    if (!text.empty()) writer.Set("tokenizer.chat_template", text);
    const std::string bytes = writer.Build().value();
    const auto renderer = ChatRenderer::ForBase(GgufFile::Parse(bytes, "base").value());
    EXPECT_EQ(renderer.has_value(), text == kChatTemplate);
    if (!renderer) {
      EXPECT_EQ(renderer.error().kind, ErrorKind::kUnsupported);
    }
  }
}

// Lines of the file, one after the other; none at the end.
NextText LinesOf(std::ifstream& file, std::string& line, int most) {
  return [&file, &line, most, count = 0]() mutable -> std::optional<std::string_view> {
    if (count++ == most || !std::getline(file, line)) return std::nullopt;
    return line;
  };
}

// What folding and the byte-exact check cost and save with a vocabulary of real size.
TEST(ChatRenderer, FoldsTheAgentLog) {
  const auto path = DataFile("agentlog/sgd_train.jsonl");
  if (!path) GTEST_SKIP() << MissingData("agentlog/sgd_train.jsonl");
  std::ifstream file(*path);
  std::string line;
  auto vocabulary = LearnVocabulary(LinesOf(file, line, 2000), {.size = 4096});
  ASSERT_TRUE(vocabulary.has_value()) << vocabulary.error().ToString();
  const ChatRenderer renderer = Make(*std::move(vocabulary));
  auto set = ReadExampleSet(*path);
  ASSERT_TRUE(set.has_value()) << set.error().ToString();
  const auto begin = std::chrono::steady_clock::now();
  const auto sequences = BuildSequences(*set, renderer, {.max_tokens = 4096});
  ASSERT_TRUE(sequences.has_value()) << sequences.error().ToString();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << ToText(set->report) << "  took " << took.count() << " s\n";
  EXPECT_EQ(set->report[SkipReason::kUnrenderable].rows, 0);
  EXPECT_EQ(set->report.not_nesting, 0);
  EXPECT_LT(2 * set->report.tokens, set->report.tokens_unfolded);
}

}  // namespace
}  // namespace understudy::testing
