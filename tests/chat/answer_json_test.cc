#include <gtest/gtest.h>

#include "base/json.h"
#include "chat/answer.h"
#include "chat/exchange_json.h"
#include "support/agent_log.h"

namespace understudy {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

ChatAnswer Rebuilt(const ChatAnswer& answer, size_t piece_bytes, bool with_usage) {
  AnswerBuilder builder;
  for (const std::string& data : ChunksOf(answer, piece_bytes, with_usage, kNow)) {
    EXPECT_TRUE(ParseJson(data).has_value()) << data;
    const auto chunk = ParseChatChunk(data);
    EXPECT_TRUE(chunk) << data;
    builder.Add(*chunk);
  }
  return std::move(builder).Build(kNow);
}

void ExpectInverse(const ChatAnswer& answer) {
  for (const size_t piece_bytes : {size_t{0}, size_t{1}, size_t{7}, size_t{1000}}) {
    const ChatAnswer again = Rebuilt(answer, piece_bytes, true);
    ASSERT_TRUE(SameAnswer(answer, again)) << answer.body << "\n" << again.body;
    ASSERT_EQ(answer.choices.size(), again.choices.size());
    for (size_t i = 0; i < answer.choices.size(); ++i) {
      EXPECT_EQ(answer.choices[i].finish, again.choices[i].finish);
      EXPECT_EQ(answer.choices[i].has_content, again.choices[i].has_content);
      EXPECT_EQ(answer.choices[i].reasoning, again.choices[i].reasoning);
      EXPECT_EQ(answer.choices[i].token_logprobs, again.choices[i].token_logprobs);
    }
  }
}

ChatAnswer Rich() {
  ChatAnswer answer;
  answer.id = "c\"1";
  answer.model = "m";
  Choice text;
  text.content = "caf\xC3\xA9 \xF0\x9F\x98\x80 \"q\"\n\x01";
  text.has_content = true;
  text.reasoning = "\xE2\x82\xAC";
  text.finish = FinishReason::kStop;
  text.token_logprobs = {-1.5F};
  text.logprobs = R"({"token":"x","logprob":-1.5})";
  Choice calls;
  calls.index = 1;
  calls.finish = FinishReason::kToolCalls;
  calls.tool_calls = {
      {0, "a", "f", "{\"x\": \"\xC3\xA9\"}"}, {1, "b", "g", ""}, {2, "c", "h", "free", true}};
  Choice refusal;
  refusal.index = 2;
  refusal.refusal = "no";
  refusal.finish = FinishReason::kContentFilter;
  answer.choices = {text, calls, refusal};
  answer.usage = {.prompt_tokens = 1, .completion_tokens = 2, .cached_tokens = 1, .known = true};
  return answer;
}

TEST(ChunksOf, IsTheInverseOfTheBuilder) {
  ExpectInverse(Rich());
  EXPECT_EQ(Rebuilt(Rich(), 5, true).usage.cached_tokens, 1);
  EXPECT_FALSE(Rebuilt(Rich(), 5, false).usage.known);
}

TEST(ChunksOf, OfAnEmptyAnswer) {
  EXPECT_TRUE(ChunksOf(ChatAnswer{}, 10, false, kNow).empty());
  EXPECT_EQ(ChunksOf(ChatAnswer{}, 10, true, kNow).size(), 1u);
}

TEST(ChunksOf, FirstTellsTheRoleAndLastTheUsage) {
  const auto chunks = ChunksOf(Rich(), 4, true, kNow);
  EXPECT_NE(chunks.front().find(R"("delta":{"role":"assistant","content":""})"), std::string::npos);
  EXPECT_NE(chunks.front().find(R"("object":"chat.completion.chunk")"), std::string::npos);
  EXPECT_NE(chunks.front().find(R"("usage":null)"), std::string::npos);
  EXPECT_TRUE(ParseChatChunk(chunks.back())->usage_only());
}

TEST(ChunksOf, PiecesNeverCutACharacter) {
  ChatAnswer answer;
  Choice choice;
  for (int i = 0; i < 50; ++i) choice.content += "\xF0\x9F\x98\x80";
  choice.has_content = true;
  answer.choices = {choice};
  for (size_t piece = 1; piece < 12; ++piece) {
    for (const auto& data : ChunksOf(answer, piece, false, kNow)) {
      EXPECT_EQ(ParseChatChunk(data)->deltas.at(0).content.size() % 4, 0u);
    }
  }
}

TEST(SerializeAnswer, ComesBack) {
  const ChatAnswer answer = Rich();
  const auto again = ParseChatAnswer(SerializeAnswer(answer, kNow));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(SameAnswer(answer, *again));
  EXPECT_EQ(again->id, answer.id);
  EXPECT_EQ(again->usage.prompt_tokens, 1);
  EXPECT_EQ(again->choices[0].logprobs, answer.choices[0].logprobs);
  EXPECT_TRUE(again->choices[1].tool_calls[2].custom);
  EXPECT_EQ(again->choices[1].tool_calls[0].id, "a");
}

TEST(SameAnswer, ComparesArgumentsAsJsonValues) {
  ChatAnswer a = Rich(), b = Rich();
  b.choices[1].tool_calls[0].arguments = "{ \"x\" :\"\\u00e9\"}";
  b.choices[1].tool_calls[0].id = "other";
  b.choices[0].finish = FinishReason::kLength;
  EXPECT_TRUE(SameAnswer(a, b));
  b.choices[1].tool_calls[0].arguments = "{\"x\": 1}";
  EXPECT_FALSE(SameAnswer(a, b));
}

TEST(SameAnswer, SeesEveryDifference) {
  const ChatAnswer a = Rich();
  const auto differs = [&](auto change) {
    ChatAnswer b = Rich();
    change(b);
    return !SameAnswer(a, b) && !SameAnswer(b, a);
  };
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices[0].content += "."; }));
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices[2].refusal = ""; }));
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices.pop_back(); }));
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices[1].tool_calls.pop_back(); }));
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices[1].tool_calls[0].name = "z"; }));
  EXPECT_TRUE(differs([](ChatAnswer& b) { b.choices[1].tool_calls[1].arguments = "{"; }));
}

TEST(ChunksOf, IsTheInverseOnRecordedAnswers) {
  const auto lines = AgentLogLines("sgd_dev.jsonl");
  if (!lines) GTEST_SKIP() << AgentLogMissing("sgd_dev.jsonl");
  for (const std::string& line : *lines) {
    const auto answer = ParseChatAnswer(ParseExchangeLine(line)->response);
    ASSERT_TRUE(answer);
    ExpectInverse(*answer);
  }
}

}  // namespace
}  // namespace understudy
