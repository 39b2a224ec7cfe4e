#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chat/answer.h"

namespace understudy {
namespace {

ChatAnswer Built(std::initializer_list<std::string_view> chunks) {
  AnswerBuilder builder;
  for (const std::string_view data : chunks) {
    const auto chunk = ParseChatChunk(std::string(data));
    EXPECT_TRUE(chunk) << data << ": " << chunk.error().message;
    builder.Add(*chunk);
  }
  ChatAnswer answer = std::move(builder).Build(1'700'000'000'000);
  const auto again = ParseChatAnswer(answer.body);
  EXPECT_TRUE(again) << answer.body;
  EXPECT_TRUE(SameAnswer(answer, *again)) << answer.body;
  return answer;
}

// A chunk with one choice's delta.
std::string Delta(std::string_view delta, int index = 0, std::string_view finish = "null") {
  return fmt::format(
      R"({{"id":"c","model":"m","choices":[{{"index":{},"delta":{},"finish_reason":{}}}]}})", index,
      delta, finish);
}

std::string Calls(std::string_view calls) {
  return Delta(R"({"tool_calls":[)" + std::string(calls) + "]}");
}

TEST(AnswerBuilder, AddsUpText) {
  const auto answer =
      Built({Delta(R"({"role":"assistant","content":""})"), Delta(R"({"content":"a"})"),
             Delta(R"({"content":"b"})"), Delta("{}", 0, R"("stop")"),
             R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})"});
  EXPECT_EQ(answer.body,
            R"({"id":"c","object":"chat.completion","created":1700000000,"model":"m","choices":[)"
            R"({"index":0,"message":{"role":"assistant","content":"ab","refusal":null},)"
            R"("logprobs":null,"finish_reason":"stop"}],)"
            R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,)"
            R"("prompt_tokens_details":{"cached_tokens":0}}})");
  EXPECT_TRUE(answer.usage.known);
}

TEST(AnswerBuilder, SeveralChoicesInAnyOrder) {
  const auto answer = Built({Delta(R"({"content":"x"})", 2), Delta(R"({"content":"a"})", 0),
                             Delta(R"({"content":"y"})", 2, R"("length")"),
                             Delta(R"({"content":"b"})", 0, R"("stop")")});
  ASSERT_EQ(answer.choices.size(), 2u);
  EXPECT_EQ(answer.choices[0].content, "ab");
  EXPECT_EQ(answer.choices[1].content, "xy");
  EXPECT_EQ(answer.choices[1].index, 2);
  EXPECT_EQ(answer.choices[1].finish, FinishReason::kLength);
}

TEST(AnswerBuilder, ParallelToolCallsWithPiecesInterleaved) {
  const auto answer = Built(
      {Calls(R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}})"),
       Calls(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}})"),
       Calls(
           R"({"index":1,"function":{"arguments":"[1"}},{"index":0,"function":{"arguments":"}"}})"),
       Calls(R"({"index":1,"function":{"arguments":"]"}})"), Delta("{}", 0, R"("tool_calls")")});
  const auto& calls = answer.choices.at(0).tool_calls;
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].id, "a");
  EXPECT_EQ(calls[0].arguments, "{}");
  EXPECT_EQ(calls[1].id, "b");
  EXPECT_EQ(calls[1].name, "g");
  EXPECT_EQ(calls[1].arguments, "[1]");
  EXPECT_FALSE(answer.choices[0].has_content);
  EXPECT_NE(answer.body.find(R"("content":null)"), std::string::npos);
}

TEST(AnswerBuilder, CallsWithoutIndexAreJoinedById) {
  const auto answer = Built({Calls(R"({"id":"a","function":{"name":"f","arguments":"{"}})"),
                             Calls(R"({"function":{"arguments":"}"}})"),
                             Calls(R"({"id":"b","function":{"name":"g","arguments":"1"}})"),
                             Calls(R"({"id":"a","function":{"arguments":" "}})"),
                             Calls(R"({"id":"b","function":{"arguments":"2"}})")});
  const auto& calls = answer.choices.at(0).tool_calls;
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].arguments, "{} ");
  EXPECT_EQ(calls[1].arguments, "12");
  EXPECT_EQ(calls[1].index, 1);
}

TEST(AnswerBuilder, ANewIdAtTheSameIndexBeginsANewCall) {
  const auto answer =
      Built({Calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"1"}})"),
             Calls(R"({"index":0,"id":"b","function":{"name":"g","arguments":"2"}})"),
             Calls(R"({"index":0,"function":{"arguments":"3"}})")});
  const auto& calls = answer.choices.at(0).tool_calls;
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].arguments, "1");
  EXPECT_EQ(calls[1].arguments, "23");
  EXPECT_EQ(calls[1].index, 1);
}

TEST(AnswerBuilder, CallsThatShareAnIdAreNotMerged) {
  const auto answer =
      Built({Calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})"),
             Calls(R"({"index":1,"id":"a","function":{"name":"f","arguments":""}})"),
             Calls(R"({"index":1,"function":{"arguments":"{\"x\":2}"}})"),
             Calls(R"({"index":2,"id":"a","function":{"name":"g","arguments":"{}"}})")});
  const auto& calls = answer.choices.at(0).tool_calls;
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(calls[1].arguments, R"({"x":2})");
  EXPECT_EQ(calls[2].name, "g");
}

TEST(AnswerBuilder, ACallWhoseIndexIsCountedUpStaysOne) {
  const auto answer =
      Built({Calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}})"),
             Calls(R"({"index":1,"id":"a","function":{"name":"f","arguments":":1}"}})")});
  ASSERT_EQ(answer.choices.at(0).tool_calls.size(), 1u);
  EXPECT_EQ(answer.choices[0].tool_calls[0].arguments, R"({"x":1})");
}

TEST(AnswerBuilder, SparseIndicesAreNumberedAnew) {
  const auto answer = Built({Calls(R"({"index":7,"id":"b","function":{"name":"g"}})"),
                             Calls(R"({"index":3,"id":"a","function":{"name":"f"}})")});
  const auto& calls = answer.choices.at(0).tool_calls;
  EXPECT_EQ(calls.at(0).id, "a");
  EXPECT_EQ(calls.at(0).index, 0);
  EXPECT_EQ(calls.at(1).index, 1);
}

TEST(AnswerBuilder, MissingIdsAreMadeUp) {
  const auto answer =
      Built({R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]})"});
  EXPECT_EQ(answer.id.substr(0, 9), "chatcmpl-");
  EXPECT_EQ(answer.choices[0].tool_calls[0].id.substr(0, 5), "call_");
}

TEST(AnswerBuilder, RefusalReasoningAndLogprobs) {
  const auto answer = Built({R"({"choices":[{"delta":{"refusal":"I ","reasoning_content":"h"},
                "logprobs":{"content":[{"token":"I","logprob":-1}]}}]})",
                             R"({"choices":[{"delta":{"refusal":"can't","reasoning_content":"m"},
                "logprobs":{"content":[{"token":"c","logprob":-2}]}}]})"});
  EXPECT_EQ(answer.choices[0].refusal, "I can't");
  EXPECT_EQ(answer.choices[0].reasoning, "hm");
  EXPECT_EQ(answer.choices[0].token_logprobs, (std::vector<float>{-1, -2}));
  EXPECT_EQ(ParseChatAnswer(answer.body)->choices[0].token_logprobs, (std::vector<float>{-1, -2}));
}

TEST(AnswerBuilder, FinishedOnlyWhenEveryChoiceIs) {
  AnswerBuilder builder;
  EXPECT_TRUE(builder.empty());
  EXPECT_FALSE(builder.finished());
  builder.Add(*ParseChatChunk(Delta("{}", 0, R"("stop")")));
  EXPECT_TRUE(builder.finished());
  builder.Add(*ParseChatChunk(Delta(R"({"content":"a"})", 1)));
  EXPECT_FALSE(builder.finished());
  builder.Add(*ParseChatChunk(Delta("{}", 1, R"("new word")")));
  EXPECT_TRUE(builder.finished());
}

}  // namespace
}  // namespace understudy
