// The life of a request, end to end over loopback: outcome, headers, record, upstream's view.
#include "gateway/life.h"

#include <fstream>

#include <gmock/gmock.h>

#include "base/ids.h"
#include "base/json.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

using LifeTest = GatewayTest;

TEST_F(LifeTest, PassesAnAnswerThroughByteForByteAndSaysWhoGaveIt) {
  TestServer upstream(AlwaysAnswer("hi \u00e9"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer =
      Ask({.body = ChatBody("gpt-4o", R"(,"temperature":0.10,"unknown":{"x":1e400})"),
           .headers = {"Authorization: Bearer sk-clients-own", "x-understudy-agent: mail"}});
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, AnswerBody("hi \u00e9"));
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
  EXPECT_EQ(answer.Header("x-understudy-route"), "reference");
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "served");
  EXPECT_EQ(answer.Header("x-understudy-cost-usd"), "0.000070000");
  EXPECT_THAT(answer.Header("x-understudy-id"), testing::StartsWith("ex_"));
  const TestMessage sent = upstream.requests().at(0);
  EXPECT_EQ(sent.target(), "/v1/chat/completions");
  EXPECT_EQ(sent.Header("authorization"), "Bearer sk-clients-own");
  EXPECT_EQ(sent.body, ChatBody("gpt-4o", R"(,"temperature":0.10,"unknown":{"x":1e400})"));
}

TEST_F(LifeTest, RecordsTheExchangeWithoutTheClientsCredentials) {
  TestServer upstream(AlwaysAnswer("hi"));
  options_.models = {Upstream("big", upstream)};
  Start();
  const std::string id = Ask({.body = ChatBody(),
                              .headers = {"Authorization: Bearer sk-secret-token",
                                          "x-understudy-session: s1", "x-understudy-agent: a1"}})
                             .Header("x-understudy-id");
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1U);
  const Exchange& exchange = recorded[0];
  EXPECT_EQ(exchange.id, id);
  EXPECT_EQ(exchange.session.size(), 32U);  // a keyed hash of what was sent
  EXPECT_EQ(exchange.agent, "a1");
  EXPECT_EQ(exchange.request, ChatBody());
  EXPECT_EQ(exchange.response, AnswerBody("hi"));
  EXPECT_EQ(exchange.outcome, Outcome::kServed);
  ASSERT_EQ(exchange.answers.size(), 1U);
  EXPECT_TRUE(exchange.answers[0].served);
  EXPECT_EQ(exchange.answers[0].usage.prompt_tokens, 10);
  EXPECT_NEAR(exchange.answers[0].cost_usd, 70e-6, 1e-12);
  ASSERT_TRUE(exchange.decision);
  EXPECT_EQ(exchange.decision->chosen, "big");
  EXPECT_EQ(exchange.origin.size(), 32U);
  std::ifstream file(options_.workspace + "/store.db", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(bytes, Not(HasSubstr("sk-secret-token")));
  EXPECT_THAT(bytes, Not(HasSubstr("127.0.0.1")));
}

TEST_F(LifeTest, StreamsChunksAsTheyComeAndClosesWithAComment) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("one "))));
    client.Send(TestChunk(TestEvent(ChunkBody("two", "stop"))));
    client.Send(TestChunk(TestEvent(
        R"({"id":"chatcmpl-1","model":"up","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})")));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody("gpt-4o", R"(,"stream":true)")});
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
  EXPECT_THAT(answer.body, HasSubstr("data: " + ChunkBody("one ") +
                                     "\n\ndata: " + ChunkBody("two", "stop") + "\n\n"));
  EXPECT_THAT(answer.body, Not(HasSubstr("usage"))) << "the client did not ask for it";
  EXPECT_THAT(answer.body, HasSubstr(": understudy outcome=served cost_usd=0.000034000"));
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_TRUE(recorded[0].streamed);
  EXPECT_EQ(StringOr(ParseJson(recorded[0].response)->at("choices").at(0).at("message"), "content"),
            "one two");
  EXPECT_EQ(recorded[0].answers.at(0).usage.completion_tokens, 2);
}

TEST_F(LifeTest, ForwardsTheUsageChunkToAClientThatAsked) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("x", "stop"))));
    client.Send(TestChunk(TestEvent(R"({"id":"c","choices":[],"usage":{"prompt_tokens":7}})")));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer =
      Ask({.body = ChatBody("m", R"(,"stream":true,"stream_options":{"include_usage":true})")});
  EXPECT_THAT(answer.body, HasSubstr(R"("usage":{"prompt_tokens":7})"));
}

TEST_F(LifeTest, EscalatesASmallModelsBrokenJson) {
  TestServer small(AlwaysAnswer("not json"));
  TestServer big(AlwaysAnswer(R"({"a":1})"));
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  Start();
  const TestMessage answer =
      Ask({.body = ChatBody("understudy/local", R"(,"response_format":{"type":"json_object"})")});
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, AnswerBody(R"({"a":1})"));
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "escalated");
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.at(0).answers.size(), 2U);
  EXPECT_EQ(recorded[0].answers[0].verdict.kind, VerdictKind::kInvalidJson);
  EXPECT_EQ(recorded[0].answers[0].body, AnswerBody("not json"));
  EXPECT_FALSE(recorded[0].answers[0].served);
  EXPECT_TRUE(recorded[0].answers[1].served);
}

TEST_F(LifeTest, HoldsASmallModelsStreamUntilItsVerdict) {
  TestServer small([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, AnswerBody("cut off he", "length")));
  });
  TestServer big([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("from the reference", "stop"))));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody("understudy/local", R"(,"stream":true)")});
  EXPECT_THAT(answer.body, HasSubstr("from the reference"));
  EXPECT_THAT(answer.body, HasSubstr("outcome=escalated"));
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
}

TEST_F(LifeTest, StreamsAHeldAnswerInTheShapeOfAStream) {
  TestServer small(AlwaysAnswer("a verified answer of a small model"));
  options_.models = {Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody("understudy/local", R"(,"stream":true)")});
  EXPECT_THAT(answer.body, HasSubstr("chat.completion.chunk"));
  EXPECT_THAT(answer.body, HasSubstr("outcome=served"));
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(LifeTest, ServesTheUnverifiedAnswerWhereEscalationIsOff) {
  TestServer small(AlwaysAnswer("not json"));
  TestServer big(AlwaysAnswer("{}"));
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  options_.routing.escalate = false;
  Start();
  const TestMessage answer =
      Ask({.body = ChatBody("understudy/local", R"(,"response_format":{"type":"json_object"})")});
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "unverified");
  EXPECT_EQ(answer.Header("x-understudy-verdict"), "invalid_json");
}

TEST_F(LifeTest, AFailedEscalationIsAnErrorNotTheRejectedAnswer) {
  TestServer small(AlwaysAnswer("not json"));
  options_.models = {Upstream("tiny", small, true), Dead("big")};
  Start();
  const TestMessage answer =
      Ask({.body = ChatBody("understudy/local", R"(,"response_format":{"type":"json_object"})")});
  EXPECT_EQ(answer.status(), 503);
  EXPECT_THAT(answer.body, HasSubstr("failed verification (invalid_json)"));
  EXPECT_THAT(answer.body, Not(HasSubstr("not json")));
}

TEST_F(LifeTest, FallsBackWhenTheReferenceIsDown) {
  TestServer small(AlwaysAnswer("from the small model"));
  options_.models = {Dead("big"), Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody("understudy/reference")});
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "fell_back");
  EXPECT_EQ(answer.Header("x-understudy-model"), "tiny");
  EXPECT_THAT(Metrics(), HasSubstr("understudy_fallbacks_total 1"));
}

TEST_F(LifeTest, NamesBothModelsWhenTheFallbackFailsToo) {
  options_.models = {Dead("big"), Dead("tiny")};
  options_.models[1].small = true;
  Start();
  const TestMessage answer = Ask({.body = ChatBody("understudy/reference")});
  EXPECT_EQ(answer.status(), 503);
  EXPECT_THAT(answer.body, HasSubstr("the fallback tiny failed too"));
  EXPECT_EQ(Recorded().at(0).outcome, Outcome::kUnavailable);
}

TEST_F(LifeTest, AClientsMistakeIsNotSentToAnotherModel) {
  TestServer big(AlwaysStatus(
      400, R"({"error":{"message":"bad tool","type":"invalid_request_error","code":"x"}})"));
  TestServer small(AlwaysAnswer("x"));
  options_.models = {Upstream("big", big), Upstream("tiny", small, true)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody()});
  EXPECT_EQ(answer.status(), 400);
  EXPECT_THAT(answer.body, HasSubstr("bad tool")) << "the upstream's own words";
  EXPECT_EQ(small.request_count(), 0U);
}

TEST_F(LifeTest, ABrokenStreamEndsWithAnErrorEventAndWithoutDone) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("half an "))));
    client.Reset();
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask({.body = ChatBody("m", R"(,"stream":true)")});
  EXPECT_THAT(answer.body, HasSubstr("half an "));
  EXPECT_THAT(answer.body, HasSubstr(R"(data: {"error":)"));
  EXPECT_THAT(answer.body, HasSubstr("outcome=broken_stream"));
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  const auto recorded = Recorded();
  EXPECT_EQ(recorded.at(0).outcome, Outcome::kBrokenStream);
  EXPECT_THAT(recorded.at(0).response, HasSubstr("half an "));
}

TEST_F(LifeTest, RefusesWhatItCannotRead) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string(R"({"model":"m"})"),
        std::string(R"({"model":"m","messages":7})")}) {
    const TestMessage answer = Ask({.body = body});
    EXPECT_EQ(answer.status(), 400) << body;
    EXPECT_THAT(answer.body, HasSubstr("invalid_request_error")) << body;
    EXPECT_EQ(answer.Header("x-understudy-outcome"), "invalid_request") << body;
  }
  EXPECT_EQ(upstream.request_count(), 0U);
}

TEST_F(LifeTest, AsksForAKeyWhereKeysAreConfigured) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  // SHA-256 of "us_test_key"
  options_.auth.api_keys = {"ci:" + Sha256Hex("us_test_key")};
  Start();
  EXPECT_EQ(Ask({.body = ChatBody()}).status(), 401);
  const TestMessage wrong =
      Ask({.body = ChatBody(), .headers = {"Authorization: Bearer us_wrong_key"}});
  EXPECT_EQ(wrong.status(), 401);
  EXPECT_THAT(wrong.body, Not(HasSubstr("us_wrong_key")));
  EXPECT_EQ(Ask({.body = ChatBody(), .headers = {"Authorization: Bearer us_test_key"}}).status(),
            200);
  EXPECT_EQ(Ask({.body = ChatBody(), .headers = {"x-api-key: us_test_key"}}).status(), 200);
  EXPECT_EQ(upstream.requests().at(0).Header("authorization"), "") << "our key is not theirs";
}

TEST_F(LifeTest, IsFullAtItsLimit) {
  std::atomic<bool> let_go{false};
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    WaitFor([&] { return let_go.load(); });
    client.Send(TestAnswer(200, AnswerBody("late")));
  });
  options_.models = {Upstream("big", upstream)};
  options_.server.max_concurrent = 1;
  Start();
  TestSocket first = Connect();
  first.Send(HttpBytes({.body = ChatBody()}));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  const TestMessage refused = Ask({.body = ChatBody()});
  EXPECT_EQ(refused.status(), 429);
  EXPECT_EQ(refused.Header("retry-after"), "1");
  EXPECT_EQ(refused.Header("x-should-retry"), "true");
  let_go = true;
  EXPECT_EQ(first.ReceiveMessage().status(), 200);
}

TEST_F(LifeTest, GivesUpAtItsTimeLimit) {
  TestServer upstream([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  options_.models = {Upstream("big", upstream)};
  options_.server.request_timeout_s = 1;
  Start();
  const TestMessage answer = Ask({.body = ChatBody()});
  EXPECT_EQ(answer.status(), 504);
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "timed_out");
}

// The client goes away: whatever the gateway waits for upstream must end.
class ClientGoneTest : public GatewayTest, public testing::WithParamInterface<const char*> {};

TEST_P(ClientGoneTest, EndsTheUpstreamsWork) {
  std::atomic<int> ended{0};
  const std::string when = GetParam();
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    if (when == "in stream") {
      client.Send(TestChunkedHead());
      client.Send(TestChunk(TestEvent(ChunkBody("one "))));
    }
    if (client.WaitForEnd()) ++ended;
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  TestSocket client = Connect();
  client.Send(HttpBytes({.body = ChatBody("m", when == "plain" ? "" : R"(,"stream":true)")}));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  if (when == "in stream") EXPECT_THAT(client.ReceiveUntil("one "), HasSubstr("one "));
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return ended == 1; }));
  EXPECT_TRUE(WaitFor([&] { return gateway_->requests_running() == 0; }));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].outcome, Outcome::kClientGone);
}

INSTANTIATE_TEST_SUITE_P(Moments, ClientGoneTest,
                         testing::Values("plain", "before first token", "in stream"));

}  // namespace
}  // namespace understudy
