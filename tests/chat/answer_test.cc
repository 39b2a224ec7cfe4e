#include "chat/answer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

std::string Answer(std::string_view choice) {
  return R"({"id":"c","model":"m","choices":[)" + std::string(choice) + "]}";
}

ChatAnswer Parsed(std::string_view body) {
  auto answer = ParseChatAnswer(std::string(body));
  EXPECT_TRUE(answer) << body << ": " << answer.error().message;
  return answer.value_or(ChatAnswer{});
}

ChatChunk ParsedChunk(std::string_view data) {
  auto chunk = ParseChatChunk(std::string(data));
  EXPECT_TRUE(chunk) << data << ": " << chunk.error().message;
  return chunk.value_or(ChatChunk{});
}

TEST(ChatAnswer, ReadsEverything) {
  const std::string body = R"( {"id":"c1","object":"chat.completion","created":1,"model":"m-1",
    "choices":[{"index":0,"message":{"role":"assistant","content":"h\u00e9","refusal":null},
      "logprobs":{"content":[{"token":"h","logprob":-0.5,"bytes":[104],"top_logprobs":[]},
                             {"token":"e","logprob":-1,"bytes":null}],"refusal":null},
      "finish_reason":"stop"},
     {"index":1,"message":{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"b","type":"custom","custom":{"name":"g","input":"x"}}]},"finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,
             "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0}},"x":{"y":[1]}} )";
  const auto answer = Parsed(body);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.id, "c1");
  EXPECT_EQ(answer.model, "m-1");
  ASSERT_EQ(answer.choices.size(), 2u);
  EXPECT_EQ(answer.choices[0].content, "h\xC3\xA9");
  EXPECT_TRUE(answer.choices[0].has_content);
  EXPECT_EQ(answer.choices[0].finish, FinishReason::kStop);
  EXPECT_EQ(answer.choices[0].token_logprobs, (std::vector<float>{-0.5F, -1.0F}));
  EXPECT_EQ(answer.choices[0].logprobs.front(), '{');
  const Choice& second = answer.choices[1];
  EXPECT_EQ(second.index, 1);
  EXPECT_FALSE(second.has_content);
  EXPECT_EQ(second.reasoning, "hm");
  ASSERT_EQ(second.tool_calls.size(), 2u);
  EXPECT_EQ(second.tool_calls[0].name, "f");
  EXPECT_TRUE(second.tool_calls[1].custom);
  EXPECT_EQ(second.tool_calls[1].index, 1);
  EXPECT_EQ(answer.usage.prompt_tokens, 5);
  EXPECT_EQ(answer.usage.completion_tokens, 7);
  EXPECT_EQ(answer.usage.cached_tokens, 4);
  EXPECT_TRUE(answer.usage.known);
}

TEST(ChatAnswer, SparseAnswers) {
  EXPECT_TRUE(Parsed(R"({"choices":[]})").choices.empty());
  const auto answer = Parsed(R"({"choices":[{},{"message":null}],"usage":null,"error":null})");
  ASSERT_EQ(answer.choices.size(), 2u);
  EXPECT_EQ(answer.choices[1].index, 1);
  EXPECT_EQ(answer.choices[0].finish, FinishReason::kNone);
  EXPECT_FALSE(answer.usage.known);
}

TEST(ChatAnswer, FinishReasons) {
  const auto finish = [](std::string_view value) {
    return Parsed(Answer(R"({"finish_reason":)" + std::string(value) + "}")).choices.at(0).finish;
  };
  EXPECT_EQ(finish("null"), FinishReason::kNone);
  EXPECT_EQ(finish(R"("eos")"), FinishReason::kOther);
  EXPECT_EQ(finish(R"("function_call")"), FinishReason::kToolCalls);
  for (const auto known : {FinishReason::kStop, FinishReason::kLength, FinishReason::kToolCalls,
                           FinishReason::kContentFilter}) {
    EXPECT_EQ(ParseFinishReason(Name(known)), known);
  }
}

TEST(ChatAnswer, ErrorObjectsBecomeUpstreamErrors) {
  for (const auto parse :
       {+[](std::string text) { return ParseChatAnswer(std::move(text)).error(); },
        +[](std::string text) { return ParseChatChunk(std::move(text)).error(); }}) {
    const Error full = parse(
        R"({"error":{"message":"too long","type":"invalid","param":"messages","code":"ctx"}})");
    EXPECT_EQ(full.kind, ErrorKind::kUpstream);
    EXPECT_EQ(full.source, ErrorSource::kUpstream);
    EXPECT_EQ(full.message, "too long");
    EXPECT_EQ(full.code, "ctx");
    EXPECT_EQ(full.param, "messages");
    EXPECT_EQ(parse(R"({"error":"down"})").message, "down");
    EXPECT_EQ(parse(R"({"error":{"code":400,"message":"m","param":null}})").code, "");
    EXPECT_FALSE(parse(R"({"error":{}})").message.empty());
  }
}

TEST(ChatAnswer, WrongShapesAreProtocolErrors) {
  const std::pair<std::string, const char*> cases[] = {
      {"", ""},
      {"<html>", ""},
      {"[]", ""},
      {"{}", "choices"},
      {R"({"choices":null})", "choices"},
      {R"({"choices":{}})", "choices"},
      {R"({"choices":[1]})", "choices[0]"},
      {Answer(R"({"index":"0"})"), "choices[0].index"},
      {Answer(R"({"index":-1})"), "choices[0].index"},
      {Answer(R"({"message":"x"})"), "choices[0].message"},
      {Answer(R"({"message":{"content":5}})"), "choices[0].message.content"},
      {Answer(R"({"message":{"tool_calls":{}}})"), "choices[0].message.tool_calls"},
      {Answer(R"({"finish_reason":1})"), "choices[0].finish_reason"},
      {Answer(R"({"message":{"content":"a"},"message":{}})"), "choices[0].message"},
      {R"({"choices":[],"usage":{"prompt_tokens":"5"}})", "usage.prompt_tokens"},
      {R"({"choices":[],"usage":[]})", "usage"},
      {R"({"choices":[],"id":5})", "id"},
      {R"({"choices":[])", ""},
      {R"({"choices":[]} {})", ""},
  };
  for (const auto& [body, where] : cases) {
    const auto answer = ParseChatAnswer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().kind, ErrorKind::kProtocol) << body;
    EXPECT_EQ(answer.error().source, ErrorSource::kUpstream);
    EXPECT_EQ(answer.error().where, where) << body;
  }
}

TEST(ChatAnswer, ContentInParts) {
  EXPECT_EQ(
      Parsed(Answer(R"({"message":{"content":[{"type":"text","text":"a"}]}})")).choices[0].content,
      "a");
}

TEST(ChatChunk, Deltas) {
  const auto chunk = ParsedChunk(
      R"({"id":"c","model":"m","choices":[{"index":2,"delta":{"role":"assistant","content":"a"},
          "logprobs":{"content":[{"token":"a","logprob":-2}]},"finish_reason":null}],"usage":null})");
  ASSERT_EQ(chunk.deltas.size(), 1u);
  EXPECT_EQ(chunk.deltas[0].index, 2);
  EXPECT_EQ(chunk.deltas[0].content, "a");
  EXPECT_EQ(chunk.deltas[0].token_logprobs, (std::vector<float>{-2.0F}));
  EXPECT_EQ(chunk.deltas[0].finish, FinishReason::kNone);
  EXPECT_FALSE(chunk.usage.has_value());
  EXPECT_FALSE(chunk.usage_only());
}

TEST(ChatChunk, ToolCallPieces) {
  const auto chunk = ParsedChunk(
      R"({"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"a"}},
          {"id":"x","function":{"name":"f"}}]}}]})");
  ASSERT_EQ(chunk.deltas.at(0).tool_calls.size(), 2u);
  EXPECT_EQ(chunk.deltas[0].tool_calls[0].index, 1);
  EXPECT_EQ(chunk.deltas[0].tool_calls[0].arguments, "{\"a");
  EXPECT_EQ(chunk.deltas[0].tool_calls[1].index, kNoIndex);
  EXPECT_EQ(chunk.deltas[0].tool_calls[1].id, "x");
}

TEST(ChatChunk, UsageChunks) {
  const auto chunk =
      ParsedChunk(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})");
  EXPECT_TRUE(chunk.usage_only());
  EXPECT_EQ(chunk.usage->completion_tokens, 2);
  EXPECT_TRUE(ParsedChunk(R"({"usage":{"prompt_tokens":1}})").usage_only());
  EXPECT_TRUE(ParsedChunk(R"({"choices":null,"usage":{}})").usage_only());
  EXPECT_TRUE(ParsedChunk(R"({"choices":[],"prompt_filter_results":[]})").deltas.empty());
  EXPECT_FALSE(ParseChatChunk(R"({"id":"c"})").has_value());
  EXPECT_FALSE(ParseChatChunk("[DONE]").has_value());
}

TEST(ChatChunk, HugeCountsFail) {
  EXPECT_FALSE(ParseChatChunk(R"({"usage":{"prompt_tokens":1e99}})").has_value());
  EXPECT_FALSE(ParseChatChunk(R"({"choices":[{"index":2147483648}]})").has_value());
}

TEST(ChatChunk, AnIndexThatIsNoneIsAsGoodAsMissing) {
  for (const char* index : {"-2", "\"0\"", "null", "0.5", "99999999999", "{}", "true"}) {
    const auto chunk = ParsedChunk(
        fmt::format(R"({{"choices":[{{"delta":{{"tool_calls":[{{"index":{}}}]}}}}]}})", index));
    EXPECT_EQ(chunk.deltas.at(0).tool_calls.at(0).index, kNoIndex) << index;
  }
}

}  // namespace
}  // namespace understudy
