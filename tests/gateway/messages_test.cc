// /v1/messages: the life of a request in Anthropic's words.
#include <gmock/gmock.h>

#include "base/ids.h"
#include "base/json.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTools =
    R"(,"tools":[{"name":"f","input_schema":{"type":"object","required":["a"]}}])";

class MessagesTest : public GatewayTest {
 protected:
  static TestCall Call(std::string_view model, std::string_view extra = "",
                       std::vector<std::string> headers = {}) {
    return {.body = fmt::format(R"({{"model":"{}","max_tokens":50,"messages":)"
                                R"([{{"role":"user","content":"hello"}}]{}}})",
                                model, extra),
            .headers = std::move(headers),
            .path = "/v1/messages"};
  }
  static json::value Parsed(const TestMessage& answer) {
    auto parsed = ParseJson(answer.body);
    EXPECT_TRUE(parsed) << answer.body;
    return parsed ? *parsed : json::value();
  }
  // The types of a stream's events, in order.
  static std::vector<std::string> Events(const std::string& stream) {
    std::vector<std::string> types;
    for (size_t at = 0; (at = stream.find("event: ", at)) != std::string::npos;) {
      at += std::string_view("event: ").size();
      types.push_back(stream.substr(at, stream.find('\n', at) - at));
    }
    return types;
  }
};

std::string CallBody(std::string_view arguments) {
  return fmt::format(
      R"({{"id":"chatcmpl-1","model":"up","choices":[{{"index":0,"message":{{"role":"assistant",)"
      R"("content":null,"tool_calls":[{{"id":"call_x","type":"function","function":)"
      R"({{"name":"f","arguments":{}}}}}]}},"finish_reason":"tool_calls"}}],)"
      R"("usage":{{"prompt_tokens":10,"completion_tokens":5}}}})",
      JsonString(arguments));
}

TEST_F(MessagesTest, AnswersInAnthropicsShapeAndRecordsInOpenAis) {
  TestServer upstream(AlwaysAnswer("hi"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer =
      Ask(Call("claude-x", R"(,"top_k":3)",
               {"x-api-key: sk-own", "anthropic-version: 2023-06-01", "anthropic-beta: a-1,b-2"}));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body,
            R"({"id":"msg_1","type":"message","role":"assistant","model":"up","content":[)"
            R"({"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":)"
            R"({"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
            R"("output_tokens":5}})");
  EXPECT_EQ(answer.Header("x-understudy-left-out"), "top_k");
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "served");
  EXPECT_EQ(answer.Header("x-understudy-cost-usd"), "0.000070000");
  const TestMessage sent = upstream.requests().at(0);
  EXPECT_EQ(sent.target(), "/v1/chat/completions");
  EXPECT_EQ(sent.Header("authorization"), "Bearer sk-own");
  EXPECT_EQ(sent.Header("anthropic-version"), "2023-06-01");
  EXPECT_EQ(sent.Header("anthropic-beta"), "a-1,b-2");
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].endpoint, "/v1/messages");
  EXPECT_EQ(recorded[0].request,
            R"({"model":"claude-x","messages":[{"role":"user","content":"hello"}],)"
            R"("max_completion_tokens":50})");
  EXPECT_EQ(recorded[0].response, AnswerBody("hi"));
  EXPECT_EQ(recorded[0].outcome, Outcome::kServed);
}

TEST_F(MessagesTest, ThinkingGoesBackToUpstreamsThatTakeIt) {
  for (const bool takes : {false, true}) {
    TestServer upstream(AlwaysAnswer("hi"));
    options_.models = {Upstream("big", upstream)};
    options_.models[0].reasoning = takes;
    Start();
    const std::string messages =
        R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking",)"
        R"("thinking":"so it is"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}])";
    TestCall call = Call("big");
    call.body = R"({"model":"big","max_tokens":9,"messages":)" + messages + "}";
    EXPECT_EQ(Ask(call).status(), 200);
    const bool went = upstream.requests().at(0).body.find(R"("reasoning_content":"so it is")") !=
                      std::string::npos;
    EXPECT_EQ(went, takes);
    Stop();
  }
}

TEST_F(MessagesTest, StreamsEventsAndAsksForUsageOnItsOwnAccount) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("one "))));
    client.Send(TestChunk(TestEvent(ChunkBody("two", "stop"))));
    client.Send(TestChunk(TestEvent(
        R"({"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})")));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"stream":true)"));
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_THAT(
      Events(answer.body),
      ElementsAre("message_start", "ping", "content_block_start", "content_block_delta",
                  "content_block_delta", "content_block_stop", "message_delta", "message_stop"));
  EXPECT_THAT(answer.body, HasSubstr(R"("usage":{"input_tokens":7,)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("output_tokens":2})"));
  EXPECT_THAT(answer.body, HasSubstr(": understudy outcome=served"));
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(upstream.requests().at(0).body, HasSubstr(R"("include_usage":true)"));
  const auto recorded = Recorded();
  EXPECT_TRUE(recorded.at(0).streamed);
  EXPECT_THAT(recorded[0].response, HasSubstr("one two"));
  EXPECT_EQ(recorded[0].answers.at(0).usage.completion_tokens, 2);
}

TEST_F(MessagesTest, EscalatesASmallModelsBrokenCallPlainAndStreamed) {
  TestServer small([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, CallBody(R"({"b":1})")));
  });
  TestServer big([](const TestMessage& request, TestSocket& client) {
    if (request.body.find(R"("stream":true)") == std::string::npos) {
      client.Send(TestAnswer(200, CallBody(R"({"a":1})")));
      return;
    }
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(
        R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_x",)"
        R"("function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]})")));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  Start();
  const TestMessage plain = Ask(Call("understudy/local", kTools));
  EXPECT_EQ(plain.Header("x-understudy-outcome"), "escalated");
  const json::value message = Parsed(plain);
  EXPECT_EQ(StringOr(message, "stop_reason"), "tool_use");
  EXPECT_EQ(json::serialize(message.at("content")),
            R"([{"type":"tool_use","id":"call_x","name":"f","input":{"a":1}}])");
  const TestMessage streamed =
      Ask(Call("understudy/local", std::string(kTools) + R"(,"stream":true)"));
  EXPECT_THAT(streamed.body, HasSubstr("outcome=escalated"));
  EXPECT_THAT(streamed.body, HasSubstr(R"("partial_json":"{\"a\":1}")"));
  EXPECT_THAT(streamed.body, HasSubstr(R"("stop_reason":"tool_use")"));
  EXPECT_THAT(streamed.body, Not(HasSubstr("\\\"b\\\"")));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.at(0).answers.size(), 2U);
  EXPECT_EQ(recorded[0].answers[0].verdict.kind, VerdictKind::kInvalidArguments);
}

TEST_F(MessagesTest, StreamsAHeldAnswer) {
  TestServer small(AlwaysAnswer("a verified answer of a small model"));
  options_.models = {Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask(Call("understudy/local", R"(,"stream":true)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("text":"a verified answer of a s")"));
  EXPECT_THAT(answer.body, HasSubstr("outcome=served"));
  EXPECT_THAT(answer.body, HasSubstr(R"("usage":{"input_tokens":10,)"));
  EXPECT_EQ(Events(answer.body).back(), "message_stop");
}

TEST_F(MessagesTest, FallsBack) {
  TestServer small(AlwaysAnswer("from the small model"));
  options_.models = {Dead("big"), Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask(Call("understudy/reference"));
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "fell_back");
  EXPECT_THAT(answer.body, HasSubstr("from the small model"));
}

TEST_F(MessagesTest, ErrorsAreInAnthropicsShape) {
  TestServer upstream(AlwaysStatus(429, R"({"error":{"message":"slow down","code":"x"}})"));
  options_.models = {Upstream("big", upstream)};
  options_.routing.fallback = "none";
  Start();
  const TestMessage limited = Ask(Call("m"));
  EXPECT_EQ(limited.status(), 429);
  EXPECT_EQ(limited.body,
            R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})");
  EXPECT_EQ(limited.Header("x-should-retry"), "true");
  TestCall wrong = Call("m");
  wrong.body = R"({"model":"m","max_tokens":5,"messages":[{"role":"bot"}]})";
  const TestMessage refused = Ask(wrong);
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(refused.body, HasSubstr(R"("type":"invalid_request_error")"));
  EXPECT_EQ(refused.Header("x-understudy-outcome"), "invalid_request");
}

TEST_F(MessagesTest, ABrokenStreamEndsWithAnErrorEvent) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("half an "))));
    client.Reset();
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"stream":true)"));
  EXPECT_EQ(Events(answer.body).back(), "error");
  EXPECT_THAT(answer.body, HasSubstr("half an "));
  EXPECT_THAT(answer.body, HasSubstr("outcome=broken_stream"));
  EXPECT_EQ(Recorded().at(0).outcome, Outcome::kBrokenStream);
}

TEST_F(MessagesTest, TakesAKeyInEitherHeader) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  options_.auth.api_keys = {"ci:" + Sha256Hex("sk-understudy-test")};
  Start();
  const TestMessage without = Ask(Call("m"));
  EXPECT_EQ(without.status(), 401);
  EXPECT_THAT(without.body, HasSubstr(R"("type":"authentication_error")"));
  EXPECT_EQ(Ask(Call("m", "", {"x-api-key: sk-understudy-test"})).status(), 200);
  EXPECT_EQ(Ask(Call("m", "", {"Authorization: Bearer sk-understudy-test"})).status(), 200);
  EXPECT_EQ(upstream.requests().at(0).Header("x-api-key"), "");
}

TEST_F(MessagesTest, GivesUpAtItsTimeLimit) {
  TestServer upstream([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  options_.models = {Upstream("big", upstream)};
  options_.server.request_timeout_s = 1;
  Start();
  const TestMessage answer = Ask(Call("m"));
  EXPECT_EQ(answer.status(), 504);
  EXPECT_THAT(answer.body, HasSubstr(R"("type":"timeout_error")"));
}

TEST_F(MessagesTest, AClientThatLeavesEndsTheUpstreamsWork) {
  std::atomic<int> ended{0};
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("one "))));
    if (client.WaitForEnd()) ++ended;
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  TestSocket client = Connect();
  client.Send(HttpBytes(Call("m", R"(,"stream":true)")));
  EXPECT_THAT(client.ReceiveUntil("one "), HasSubstr("content_block_delta"));
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return ended == 1; }));
  EXPECT_EQ(Recorded().at(0).outcome, Outcome::kClientGone);
}

TEST_F(MessagesTest, EstimatesTokensWhereTheModelCannotTell) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestCall count{.body = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})",
                       .headers = {},
                       .path = "/v1/messages/count_tokens"};
  const TestMessage answer = Ask(count);
  EXPECT_EQ(answer.status(), 200) << answer.body;
  EXPECT_EQ(answer.Header("x-understudy-token-count"), "estimate");
  const json::value counted = Parsed(answer);
  EXPECT_GT(IntOr(counted, "input_tokens", 0), 2);
  EXPECT_LT(IntOr(counted, "input_tokens", 0), 20);
  EXPECT_EQ(upstream.request_count(), 0U);
  TestCall wrong = count;
  wrong.body = "{}";
  EXPECT_EQ(Ask(wrong).status(), 400);
  EXPECT_THAT(Ask(wrong).body, HasSubstr(R"("type":"error")"));
}

TEST_F(MessagesTest, ListsModelsInAnthropicsShape) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const auto get = [&](std::string path) {
    return Ask({.body = "",
                .headers = {"anthropic-version: 2023-06-01"},
                .path = std::move(path),
                .method = "GET"});
  };
  const json::value list = Parsed(get("/v1/models"));
  EXPECT_EQ(StringOr(list, "last_id"), "big");
  EXPECT_FALSE(BoolOr(list, "has_more", true));
  EXPECT_EQ(StringOr(list.at("data").at(0), "type"), "model");
  EXPECT_EQ(StringOr(Parsed(get("/v1/models/big")), "display_name"), "big");
  EXPECT_THAT(get("/v1/messages").body, HasSubstr(R"({"type":"error")"));
  const TestMessage unknown = get("/v1/models/nope");
  EXPECT_EQ(unknown.status(), 404);
  EXPECT_THAT(unknown.body, HasSubstr(R"("type":"not_found_error")"));
}

}  // namespace
}  // namespace understudy
