// /v1/responses: the life of a request in the words of OpenAI's Responses.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/ids.h"
#include "base/json.h"
#include "chat/sse.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTools =
    R"(,"tools":[{"type":"function","name":"f","parameters":{"type":"object","required":["a"]}}])";

class ResponsesTest : public GatewayTest {
 protected:
  static TestCall Call(std::string_view model, std::string_view extra = "",
                       std::vector<std::string> headers = {}) {
    return {.body = fmt::format(R"({{"model":"{}","input":"hello"{}}})", model, extra),
            .headers = std::move(headers),
            .path = "/v1/responses"};
  }
  static json::value Parsed(std::string_view body) {
    auto parsed = ParseJson(body);
    EXPECT_TRUE(parsed) << body;
    return parsed ? *parsed : json::value();
  }
  // The data of a stream's last event; EXPECTs that its type is this one.
  static json::value LastEvent(const std::string& stream, std::string_view type) {
    SseParser parser;
    parser.Feed(stream);
    std::string last;
    for (auto event = parser.Next(); event && *event; event = parser.Next()) {
      last = (*event)->data;
    }
    json::value data = Parsed(last);
    EXPECT_EQ(StringOr(data, "type"), type);
    return data;
  }
};

TestServer::Script Streams(std::string first, std::string last) {
  return [first, last](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody(first))));
    client.Send(TestChunk(TestEvent(ChunkBody(last, "stop"))));
    client.Send(TestChunk(TestEvent(
        R"({"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})")));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  };
}

std::string CallBody(std::string_view arguments) {
  return fmt::format(
      R"({{"id":"chatcmpl-1","model":"up","choices":[{{"index":0,"message":{{"role":"assistant",)"
      R"("content":null,"tool_calls":[{{"id":"call_x","type":"function","function":)"
      R"({{"name":"f","arguments":{}}}}}]}},"finish_reason":"tool_calls"}}],)"
      R"("usage":{{"prompt_tokens":10,"completion_tokens":5}}}})",
      JsonString(arguments));
}

TEST_F(ResponsesTest, AnswersAsAResponseAndRecordsAsAChatCompletion) {
  TestServer upstream(AlwaysAnswer("hi"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("gpt-x", R"(,"store":true,"tools":[{"type":"web_search"}])",
                                      {"Authorization: Bearer sk-own"}));
  EXPECT_EQ(answer.status(), 200);
  const json::value response = Parsed(answer.body);
  EXPECT_EQ(StringOr(response, "id"), "resp_1");
  EXPECT_EQ(StringOr(response, "status"), "completed");
  EXPECT_EQ(StringOr(response.at("output").at(0).at("content").at(0), "text"), "hi");
  EXPECT_EQ(IntOr(response.at("usage"), "total_tokens", 0), 15);
  EXPECT_FALSE(BoolOr(response, "store", true)) << "nothing is kept";
  EXPECT_GT(IntOr(response, "created_at", 0), 1'700'000'000);
  EXPECT_EQ(answer.Header("x-understudy-left-out"), "store,tools[0]:web_search");
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "served");
  const TestMessage sent = upstream.requests().at(0);
  EXPECT_EQ(sent.target(), "/v1/chat/completions");
  EXPECT_EQ(sent.Header("authorization"), "Bearer sk-own");
  EXPECT_EQ(sent.body, ChatBody("gpt-x"));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].endpoint, "/v1/responses");
  EXPECT_EQ(recorded[0].request, ChatBody("gpt-x"));
  EXPECT_EQ(recorded[0].response, AnswerBody("hi"));
}

TEST_F(ResponsesTest, StreamsAndClosesAfterTheLastEvent) {
  TestServer upstream(Streams("one ", "two"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"stream":true)"));
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream; charset=utf-8");
  const json::value last = LastEvent(answer.body, "response.completed");
  EXPECT_EQ(IntOr(last.at("response").at("usage"), "input_tokens", 0), 7);
  EXPECT_EQ(IntOr(last.at("response").at("usage"), "output_tokens", 0), 2);
  EXPECT_EQ(StringOr(last.at("response").at("output").at(0).at("content").at(0), "text"),
            "one two");
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(answer.body, HasSubstr(": understudy outcome=served"));
  const auto recorded = Recorded();
  EXPECT_TRUE(recorded.at(0).streamed);
  EXPECT_THAT(recorded[0].response, HasSubstr("one two"));
}

TEST_F(ResponsesTest, EscalatesASmallModelsBrokenCall) {
  TestServer small([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, CallBody(R"({"b":1})")));
  });
  TestServer big([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, CallBody(R"({"a":1})")));
  });
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  Start();
  const TestMessage plain = Ask(Call("understudy/local", kTools));
  EXPECT_EQ(plain.Header("x-understudy-outcome"), "escalated");
  const json::value response = Parsed(plain.body);
  const json::value& call = response.at("output").at(0);
  EXPECT_EQ(StringOr(call, "type"), "function_call");
  EXPECT_EQ(StringOr(call, "call_id"), "call_x");
  EXPECT_EQ(StringOr(call, "arguments"), R"({"a":1})");
  // The reference answers the stream whole here; it is put into a stream's shape.
  const TestMessage streamed =
      Ask(Call("understudy/local", std::string(kTools) + R"(,"stream":true)"));
  const json::value last = LastEvent(streamed.body, "response.completed");
  EXPECT_EQ(StringOr(last.at("response").at("output").at(0), "arguments"), R"({"a":1})");
  EXPECT_THAT(streamed.body, HasSubstr("outcome=escalated"));
  EXPECT_THAT(streamed.body, Not(HasSubstr("\\\"b\\\"")));
}

TEST_F(ResponsesTest, StreamsAHeldAnswer) {
  TestServer small(AlwaysAnswer("a verified answer of a small model"));
  options_.models = {Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask(Call("understudy/local", R"(,"stream":true)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("delta":"a verified answer of a s")"));
  const json::value last = LastEvent(answer.body, "response.completed");
  EXPECT_EQ(IntOr(last.at("response").at("usage"), "input_tokens", 0), 10);
}

TEST_F(ResponsesTest, FallsBack) {
  TestServer small(AlwaysAnswer("from the small model"));
  options_.models = {Dead("big"), Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask(Call("understudy/reference"));
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "fell_back");
  EXPECT_THAT(answer.body, HasSubstr("from the small model"));
}

TEST_F(ResponsesTest, RefusesWhatNeedsAMemory) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"previous_response_id":"resp_0")"));
  EXPECT_EQ(answer.status(), 400);
  const json::value error = Parsed(answer.body).at("error");
  EXPECT_EQ(StringOr(error, "param"), "previous_response_id");
  EXPECT_EQ(StringOr(error, "type"), "invalid_request_error");
  EXPECT_THAT(std::string(StringOr(error, "message")), HasSubstr("nothing is kept here"));
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "invalid_request");
  EXPECT_EQ(upstream.request_count(), 0U);
}

TEST_F(ResponsesTest, KeepsTheUpstreamsOwnError) {
  TestServer upstream(AlwaysStatus(429, R"({"error":{"message":"slow down","code":"x"}})"));
  options_.models = {Upstream("big", upstream)};
  options_.routing.fallback = "none";
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"stream":true)"));
  EXPECT_EQ(answer.status(), 429);
  EXPECT_EQ(answer.body, R"({"error":{"message":"slow down","code":"x"}})");
}

TEST_F(ResponsesTest, ABrokenStreamEndsWithAFailedResponse) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("half an "))));
    client.Reset();
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask(Call("m", R"(,"stream":true)"));
  const json::value last = LastEvent(answer.body, "response.failed");
  EXPECT_EQ(StringOr(last.at("response").at("error"), "code"), "server_error");
  EXPECT_THAT(answer.body, HasSubstr("half an "));
  EXPECT_EQ(Recorded().at(0).outcome, Outcome::kBrokenStream);
}

TEST_F(ResponsesTest, AsksForAKeyWhereKeysAreConfigured) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  options_.auth.api_keys = {"ci:" + Sha256Hex("sk-understudy-test")};
  Start();
  EXPECT_EQ(Ask(Call("m")).status(), 401);
  EXPECT_EQ(Ask(Call("m", "", {"Authorization: Bearer sk-understudy-test"})).status(), 200);
}

TEST_F(ResponsesTest, GivesUpAtItsTimeLimit) {
  TestServer upstream([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  options_.models = {Upstream("big", upstream)};
  options_.server.request_timeout_s = 1;
  Start();
  EXPECT_EQ(Ask(Call("m")).status(), 504);
}

TEST_F(ResponsesTest, AClientThatLeavesEndsTheUpstreamsWork) {
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
  EXPECT_THAT(client.ReceiveUntil("one "), HasSubstr("output_text.delta"));
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return ended == 1; }));
  EXPECT_EQ(Recorded().at(0).outcome, Outcome::kClientGone);
}

}  // namespace
}  // namespace understudy
