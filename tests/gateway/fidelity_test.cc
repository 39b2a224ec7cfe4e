// The endpoint as OpenAI's clients expect it, whoever answers: the chosen model, the reference
// after an escalation, a fallback, or a small model whose answer is held until its verdict.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "chat/sse.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTools =
    R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},)"
    R"({"type":"function","function":{"name":"g","parameters":{"type":"object"}}}])";

// Two parallel calls with every mistake that a stream can make of them.
void SendBrokenCalls(TestSocket& client) {
  client.Send(TestChunkedHead());
  for (
      const char* data :
      {R"({"id":"","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]})",
       R"({"id":"x1","model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}}]})",
       R"({"id":"x2","model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{"}}]}}]})",
       R"({"id":"x3","choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"}"}}]}}]})",
       R"({"id":"x4","choices":[{"index":0,"delta":{"tool_calls":[{"index":null,"id":"b","function":{"arguments":"}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":9}})"}) {
    client.Send(TestChunk(TestEvent(data)));
  }
  client.Send(TestChunk("data: [DONE]\n\n"));
  client.Send(kTestLastChunk);
}

constexpr std::string_view kBrokenWhole =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[)"
    R"({"function":{"name":"f","arguments":{}}},{"id":"b","function":{"name":"g","arguments":"{}"}}]},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":9}})";

void AnswerBroken(const TestMessage& request, TestSocket& client) {
  if (request.body.find("\"stream\":true") != std::string::npos) {
    SendBrokenCalls(client);
  } else {
    client.Send(TestAnswer(200, kBrokenWhole));
  }
}

struct Events {
  std::vector<json::value> chunks;
  std::vector<json::value> errors;
  int comments = 0;
  bool done = false;
};

Events Read(const std::string& body) {
  Events events;
  for (size_t at = 0; (at = body.find("\n: ", at)) != std::string::npos; ++at) ++events.comments;
  if (body.starts_with(": ")) ++events.comments;
  SseParser parser;
  parser.Feed(body);
  while (true) {
    auto event = parser.Next();
    EXPECT_TRUE(event);
    if (!event || !*event) return events;
    EXPECT_FALSE(events.done) << "nothing comes after [DONE]";
    if ((*event)->data == "[DONE]") {
      events.done = true;
      continue;
    }
    auto value = ParseJson((*event)->data);
    EXPECT_TRUE(value) << (*event)->data;
    if (!value) continue;
    (Find(*value, "error") ? events.errors : events.chunks).push_back(*std::move(value));
  }
}

// What every stream must keep; the calls that a client which goes by index alone puts together.
std::vector<ToolCall> ExpectFaithful(const std::string& body, bool usage_asked) {
  const Events events = Read(body);
  EXPECT_TRUE(events.done) << body;
  EXPECT_TRUE(events.errors.empty());
  std::vector<ToolCall> calls;
  std::string id, model, finish;
  int usages = 0;
  for (const json::value& chunk : events.chunks) {
    if (id.empty()) id = StringOr(chunk, "id");
    if (model.empty()) model = StringOr(chunk, "model");
    EXPECT_FALSE(id.empty());
    EXPECT_FALSE(model.empty());
    EXPECT_EQ(StringOr(chunk, "id"), id);
    EXPECT_EQ(StringOr(chunk, "model"), model);
    const json::value* usage = Find(chunk, "usage");
    if (usage && !usage->is_null()) {
      ++usages;
      EXPECT_TRUE(chunk.at("choices").as_array().empty());
      EXPECT_EQ(IntOr(*usage, "completion_tokens", 0), 9);
      EXPECT_EQ(&chunk, &events.chunks.back());
    }
    for (const json::value& choice : chunk.at("choices").as_array()) {
      const auto said = StringOr(choice, "finish_reason");
      if (!said.empty()) finish = said;
      const json::value* pieces = Find(choice.at("delta"), "tool_calls");
      if (!pieces) continue;
      for (const json::value& piece : pieces->as_array()) {
        EXPECT_TRUE(piece.at("index").is_int64());
        const auto at = static_cast<size_t>(piece.at("index").as_int64());
        EXPECT_LE(at, calls.size());
        if (at > calls.size()) continue;
        if (at == calls.size()) {
          calls.emplace_back();
          EXPECT_FALSE(StringOr(piece, "id").empty());
          EXPECT_FALSE(StringOr(piece.at("function"), "name").empty());
        }
        calls[at].id += StringOr(piece, "id");
        calls[at].name += StringOr(piece.at("function"), "name");
        calls[at].arguments += StringOr(piece.at("function"), "arguments");
      }
    }
  }
  EXPECT_EQ(usages, usage_asked ? 1 : 0);
  EXPECT_EQ(finish, calls.empty() ? "stop" : "tool_calls");
  return calls;
}

enum class Way { kReference, kFlows, kHeld, kEscalated, kFellBack };
struct WayName {
  Way way;
  const char* name;
};

class EveryWay : public GatewayTest, public testing::WithParamInterface<WayName> {
 protected:
  // Starts the gateway so that `script` answers a call of understudy/local in that way.
  void StartFor(TestServer::Script script) {
    good_ = std::make_unique<TestServer>(std::move(script));
    bad_ = std::make_unique<TestServer>(AlwaysAnswer(""));
    switch (GetParam().way) {
      case Way::kReference: options_.models = {Upstream("tiny", *good_)}; break;
      case Way::kHeld: options_.models = {Upstream("tiny", *good_, true)}; break;
      case Way::kFlows:
        options_.models = {Upstream("tiny", *good_, true)};
        options_.routing.stream = "flow";
        break;
      case Way::kEscalated:
        options_.models = {Upstream("tiny", *bad_, true), Upstream("big", *good_)};
        break;
      case Way::kFellBack:
        options_.models = {Dead("tiny"), Upstream("big", *good_)};
        options_.models[0].small = true;
        break;
    }
    Start();
  }
  std::string model_ = "tiny";
  std::unique_ptr<TestServer> good_, bad_;
};

INSTANTIATE_TEST_SUITE_P(Fidelity, EveryWay,
                         testing::Values(WayName{Way::kReference, "Reference"},
                                         WayName{Way::kFlows, "SmallFlows"},
                                         WayName{Way::kHeld, "SmallHeld"},
                                         WayName{Way::kEscalated, "Escalated"},
                                         WayName{Way::kFellBack, "FellBack"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryWay, BrokenToolCallsArriveWhole) {
  StartFor(AnswerBroken);
  for (const bool usage : {false, true}) {
    const std::string options = usage ? R"(,"stream_options":{"include_usage":true})" : "";
    const TestMessage answer =
        Ask({.body = ChatBody("tiny", std::string(kTools) + R"(,"stream":true)" + options)});
    ASSERT_EQ(answer.status(), 200) << answer.body;
    const auto calls = ExpectFaithful(answer.body, usage);
    ASSERT_EQ(calls.size(), 2U) << answer.body;
    EXPECT_EQ(calls[0].name, "f");
    EXPECT_EQ(calls[0].arguments, "{}");
    EXPECT_EQ(calls[1].id, "b");
    EXPECT_EQ(calls[1].name, "g");
    EXPECT_EQ(calls[1].arguments, "{}");
  }
  for (const Exchange& exchange : Recorded()) {
    EXPECT_EQ(exchange.answers.back().usage.completion_tokens, 9) << "counted, asked for or not";
    const auto body = ParseJson(exchange.response).value();
    EXPECT_EQ(StringOr(body.at("choices").at(0), "finish_reason"), "tool_calls");
  }
}

TEST_P(EveryWay, AWholeAnswerIsInShapeToo) {
  StartFor(AnswerBroken);
  const TestMessage answer = Ask({.body = ChatBody("tiny", kTools)});
  ASSERT_EQ(answer.status(), 200) << answer.body;
  const auto body = ParseJson(answer.body).value();
  EXPECT_FALSE(StringOr(body, "id").empty());
  EXPECT_FALSE(StringOr(body, "model").empty());
  const json::value& choice = body.at("choices").at(0);
  EXPECT_EQ(StringOr(choice, "finish_reason"), "tool_calls");
  const auto& calls = choice.at("message").at("tool_calls").as_array();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_FALSE(StringOr(calls[0], "id").empty());
  EXPECT_EQ(StringOr(calls[0].at("function"), "arguments"), "{}");
}

TEST_P(EveryWay, LengthIsNotMaskedAndHalfACallIsNotLeaked) {
  StartFor([](const TestMessage& request, TestSocket& client) {
    const std::string half = "Now <tool_call>{\"name\":\"f\",\"argum";
    if (request.body.find("\"stream\":true") == std::string::npos) {
      client.Send(TestAnswer(200, AnswerBody(half, "length")));
      return;
    }
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody(half, "length"))));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  for (const bool stream : {false, true}) {
    const TestMessage answer =
        Ask({.body = ChatBody("tiny", std::string(kTools) + (stream ? R"(,"stream":true)" : ""))});
    ASSERT_EQ(answer.status(), 200);
    EXPECT_THAT(answer.body, HasSubstr(R"("finish_reason":"length")"));
    EXPECT_THAT(answer.body, Not(HasSubstr("tool_call")));
    EXPECT_THAT(answer.body, Not(HasSubstr("argum")));
  }
}

class FidelityTest : public GatewayTest {};

TEST_F(FidelityTest, KeepAliveCommentsBeginAfterFiveSecondsAndErrorsFollowAsEvents) {
  std::atomic<bool> answer{false};
  TestServer slow([&](const TestMessage& request, TestSocket& client) {
    for (int i = 0; i < 600 && !answer; ++i) std::this_thread::sleep_for(milliseconds(10));
    std::this_thread::sleep_for(milliseconds(400));
    const bool streamed = request.body.find("\"stream\":true") != std::string::npos;
    if (request.body.find("fail") != std::string::npos) {
      client.Send(TestAnswer(400, "{\n\"error\": {\"message\":\"no\"}\n}"));
    } else if (streamed) {
      client.Send(TestChunkedHead());
      client.Send(TestChunk(TestEvent(ChunkBody("late", "stop"))));
      client.Send(TestChunk("data: [DONE]\n\n"));
      client.Send(kTestLastChunk);
    } else {
      client.Send(TestAnswer(200, AnswerBody("late")));
    }
  });
  TestServer quick(AlwaysAnswer("at once"));
  options_.models = {Upstream("big", slow), Upstream("tiny", slow, true)};
  options_.routing.escalate = false;
  options_.routing.fallback = "none";
  Start();
  const std::string stream = R"(,"stream":true)";
  TestSocket flows = Connect(), held = Connect(), fails = Connect(), plain = Connect();
  const auto begun = std::chrono::steady_clock::now();
  flows.Send(HttpBytes({.body = ChatBody("big", stream)}));
  held.Send(HttpBytes({.body = ChatBody("tiny", stream)}));
  fails.Send(HttpBytes({.body = ChatBody("big", stream + R"(,"user":"fail")")}));
  plain.Send(HttpBytes({.body = ChatBody("big")}));
  const std::string head = flows.ReceiveUntil(": keep-alive");
  const auto waited = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(waited, milliseconds(4900));
  EXPECT_LE(waited, milliseconds(9000));
  EXPECT_THAT(head, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(head, HasSubstr("text/event-stream"));
  EXPECT_THAT(head, HasSubstr("x-understudy-id"));
  EXPECT_THAT(head, Not(HasSubstr("x-understudy-model"))) << "nobody has answered yet";
  EXPECT_THAT(held.ReceiveUntil(": keep-alive"), HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(fails.ReceiveUntil(": keep-alive"), HasSubstr("HTTP/1.1 200"));
  answer = true;
  for (TestSocket* socket : {&flows, &held}) {
    const std::string rest = socket->ReceiveUntil("[DONE]\n\n");
    EXPECT_THAT(rest, HasSubstr("late"));
    EXPECT_THAT(rest, HasSubstr("outcome="));
  }
  const std::string error = fails.ReceiveUntil("outcome=");
  const size_t at = error.find("data: ");
  ASSERT_NE(at, std::string::npos) << error;
  const auto event = ParseJson(error.substr(at + 6, error.find('\n', at) - at - 6)).value();
  const json::value& object = event.at("error");
  EXPECT_EQ(StringOr(object, "message"), "no");
  for (const char* member : {"type", "code", "param"}) EXPECT_TRUE(Find(object, member)) << member;
  const TestMessage whole = plain.ReceiveMessage();
  EXPECT_THAT(whole.body, HasSubstr("late"));
  EXPECT_THAT(whole.body, Not(HasSubstr("keep-alive"))) << "only streams have room for comments";
}

TEST_F(FidelityTest, AQuickAnswerHasNoKeepAlive) {
  TestServer quick(AlwaysAnswer("at once"));
  options_.models = {Upstream("tiny", quick, true)};
  Start();
  EXPECT_THAT(Ask({.body = ChatBody("tiny", R"(,"stream":true)")}).body,
              Not(HasSubstr("keep-alive")));
}

TEST_F(FidelityTest, ContextOverflowHasOpenAisCodeWhateverTheUpstreamSays) {
  for (const auto& [status, said] : std::initializer_list<std::pair<int, const char*>>{
           {400,
            R"({"error":{"code":400,"message":"too big","type":"exceed_context_size_error"}})"},
           {500, R"({"error":{"message":"This model's maximum context length is 8 tokens"}})"},
           {400, R"({"error":{"message":"prompt is too long","type":"invalid_request_error"}})"}}) {
    TestServer big(AlwaysStatus(status, said));
    options_.models = {Upstream("big", big)};
    options_.models[0].retries = 2;
    Start();
    const TestMessage answer = Ask({.body = ChatBody("big")});
    EXPECT_EQ(answer.status(), 400) << said;
    const auto body = ParseJson(answer.body).value();
    EXPECT_EQ(StringOr(body.at("error"), "code"), "context_length_exceeded") << answer.body;
    EXPECT_EQ(answer.Header("x-should-retry"), "false");
    EXPECT_EQ(big.request_count(), 1U) << "never retried";
    Stop();
  }
}

TEST_F(FidelityTest, RetryHeadersAreHonouredAndSent) {
  TestServer big([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(429, R"({"error":{"message":"slow down"}})", "application/json",
                           "retry-after-ms: 45000\r\nretry-after: 9\r\n"));
  });
  options_.models = {Upstream("big", big)};
  options_.models[0].retries = 2;
  Start();
  const TestMessage answer = Ask({.body = ChatBody("big")});
  EXPECT_EQ(answer.status(), 429);
  EXPECT_EQ(answer.Header("retry-after-ms"), "45000");
  EXPECT_EQ(answer.Header("retry-after"), "45");
  EXPECT_EQ(answer.Header("x-should-retry"), "true");
  EXPECT_EQ(big.request_count(), 1U) << "so long a wait is the client's";
}

TEST_F(FidelityTest, ARequestRepeatedAfterAFailureGoesToAnotherModelFirst) {
  TestServer big(AlwaysStatus(503, R"({"error":{"message":"busy"}})"));
  TestServer small(AlwaysAnswer("from the small model"));
  options_.models = {Upstream("big", big), Upstream("tiny", small, true)};
  Start();
  EXPECT_EQ(Ask({.body = ChatBody("big")}).Header("x-understudy-model"), "tiny");
  EXPECT_EQ(big.request_count(), 1U);
  const TestMessage again = Ask({.body = ChatBody("big")});
  EXPECT_EQ(again.Header("x-understudy-model"), "tiny");
  EXPECT_EQ(again.Header("x-understudy-outcome"), "fell_back");
  EXPECT_EQ(big.request_count(), 1U) << "the model that just failed is not asked again";
  EXPECT_THAT(Metrics(), HasSubstr("understudy_repeats_total 1"));
  Ask({.body = ChatBody("big", R"(,"seed":1)")});
  EXPECT_EQ(big.request_count(), 2U) << "another request is another matter";
}

TEST_F(FidelityTest, ARepeatedRequestIsNotVerifiedInVainAgain) {
  TestServer small(AlwaysAnswer(""));
  TestServer big(AlwaysAnswer("good"));
  options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
  Start();
  EXPECT_EQ(Ask({.body = ChatBody("tiny")}).Header("x-understudy-outcome"), "escalated");
  EXPECT_EQ(Ask({.body = ChatBody("tiny")}).Header("x-understudy-outcome"), "fell_back");
  EXPECT_EQ(small.request_count(), 1U);
  EXPECT_EQ(big.request_count(), 2U);
}

TEST_F(FidelityTest, AClientsMistakeIsRepeatedToTheSameModel) {
  TestServer big(AlwaysStatus(400, R"({"error":{"message":"bad"}})"));
  TestServer small(AlwaysAnswer("x"));
  options_.models = {Upstream("big", big), Upstream("tiny", small, true)};
  Start();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask({.body = ChatBody("big")}).status(), 400);
  EXPECT_EQ(small.request_count(), 0U);
}

TEST_F(FidelityTest, WhatNobodyHereReadsGoesUpByteForByte) {
  TestServer big(AlwaysAnswer("x"));
  options_.models = {Upstream("big", big)};
  Start();
  const std::string body =
      R"({"model":"big", "messages":[{"role":"developer","content":[{"type":"text","text":"a","x":1.50}]},)"
      R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,a","detail":"low"}},)"
      R"({"type":"image_url","image_url":{"url":"data:,b","detail":"high","y":[ ]}}]},)"
      R"({"role":"assistant"},{"role":"assistant","content":""},{"role":"assistant","content":null},)"
      R"({"role":"assistant","content":[{"type":"refusal","refusal":"no"}]},{"role":"user","content":"z"}],)"
      R"("max_completion_tokens":9,"store":true,"metadata":{"a":"b"},"parallel_tool_calls":false,)"
      R"("n":2,"seed":7,"stop":["a","b"],"logprobs":true,"top_logprobs":2,"unknown":{"deep":[1e3]}})";
  EXPECT_EQ(Ask({.body = body}).status(), 200);
  EXPECT_EQ(big.requests().at(0).body, body);
}

constexpr std::string_view kVectors =
    R"({"object":"list","data":[{"embedding":"AAAAPw==","index":0}],"model":"e",)"
    R"("usage":{"prompt_tokens":3,"total_tokens":3}})";

TEST_F(FidelityTest, EmbeddingsPassInEveryShapeAndAreNeverSubstituted) {
  TestServer chat(AlwaysStatus(200, std::string(kVectors)));
  TestServer embedder(AlwaysStatus(200, std::string(kVectors)));
  options_.models = {Upstream("big", chat), Upstream("vectors", embedder)};
  options_.models[0].model = "gpt-x";
  options_.models[1].model = "embed-large";
  Start();
  const auto embed = [&](const std::string& body) {
    return Ask({.body = body, .headers = {}, .path = "/v1/embeddings"});
  };
  for (const char* input : {R"("a text")", R"(["a","b"])", "[1,2,3]", "[[1,2],[3]]"}) {
    for (const char* more :
         {"", R"(,"encoding_format":"base64")", R"(,"encoding_format":"float")"}) {
      const std::string body =
          fmt::format(R"({{"model":"embed-large","input":{}{}}})", input, more);
      const TestMessage answer = embed(body);
      EXPECT_EQ(answer.status(), 200);
      EXPECT_EQ(answer.body, kVectors);
      EXPECT_EQ(embedder.requests().back().body, body);
    }
  }
  EXPECT_EQ(chat.request_count(), 0U) << "the model that was named answers";
  embed(R"({"model":"vectors","input":"a"})");
  EXPECT_THAT(embedder.requests().back().body, HasSubstr(R"("model":"embed-large")"));
  embed(R"({"model":"text-embedding-3-small","input":"a"})");
  EXPECT_THAT(chat.requests().back().body, HasSubstr(R"("model":"text-embedding-3-small")"))
      << "a name of the upstream's own is not replaced by its chat model";
  const TestMessage nameless = embed(R"({"input":"a"})");
  EXPECT_EQ(nameless.status(), 400);
  EXPECT_THAT(nameless.body, HasSubstr(R"("param":"model")"));
}

TEST_F(FidelityTest, AnEmbeddingModelThatFailsIsNotReplaced) {
  TestServer other(AlwaysStatus(200, std::string(kVectors)));
  options_.models = {Dead("vectors"), Upstream("big", other)};
  Start();
  const TestMessage answer =
      Ask({.body = R"({"model":"vectors","input":"a"})", .headers = {}, .path = "/v1/embeddings"});
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(other.request_count(), 0U);
}

}  // namespace
}  // namespace understudy
