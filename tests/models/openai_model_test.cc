#include "models/openai_model.h"

#include "models/model_fixture.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kAnswer =
    R"({ "id":"c1","object":"chat.completion","model":"gpt","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":5,"completion_tokens":1,"odd":1.50}})";

class OpenAiModelTest : public ModelTest {
 protected:
  static ModelOptions OptionsFor(const std::string& url) {
    ModelOptions options;
    options.name = "big";
    options.kind = "openai";
    options.url = url + "/v1";
    options.retries = 2;
    options.connect_timeout_ms = 5000;
    return options;
  }
  std::shared_ptr<Model> Make(const ModelOptions& options) {
    auto model = OpenAiModel::Make(options, runtime_, seconds(600));
    EXPECT_TRUE(model) << model.error().ToString();
    return model ? *std::move(model) : nullptr;
  }
  std::shared_ptr<Model> Make(const TestServer& server) { return Make(OptionsFor(server.url())); }
};

// Answers the n-th request with the n-th answer, the last for all after it.
TestServer::Script InTurn(std::vector<std::string> answers) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return [answers = std::move(answers), next](const TestMessage&, TestSocket& client) {
    client.Send(answers[std::min((*next)++, answers.size() - 1)]);
  };
}

TEST_F(OpenAiModelTest, CompletesWithTheExactBytes) {
  TestServer server(InTurn({TestAnswer(200, kAnswer)}));
  ModelOptions options = OptionsFor(server.url());
  options.model = "gpt";
  options.api_key = "sk-own";
  options.headers = {"X-Org: acme", "api-key:  k2 "};
  const auto model = Make(options);
  const auto chat = TestRequest(
      R"({"model":"understudy/auto", "temperature": 1.0e0,"messages":[{"role":"user","content":"Hi"}]})");
  const auto answer = Complete(*model, chat);
  ASSERT_TRUE(answer) << answer.error().ToString();
  EXPECT_EQ(answer->body, kAnswer);
  EXPECT_EQ(answer->usage.prompt_tokens, 5);
  EXPECT_EQ(retries_, 0);
  const TestMessage sent = server.requests().at(0);
  EXPECT_EQ(sent.start_line, "POST /v1/chat/completions HTTP/1.1");
  EXPECT_EQ(sent.Header("Authorization"), "Bearer sk-own");
  EXPECT_EQ(sent.Header("X-Org"), "acme");
  EXPECT_EQ(sent.Header("api-key"), "k2");
  EXPECT_EQ(sent.Header("Content-Type"), "application/json");
  EXPECT_NE(sent.body.find(R"("model":"gpt", "temperature": 1.0e0)"), std::string::npos)
      << sent.body;
}

TEST_F(OpenAiModelTest, WithoutAKeyTheClientsOwnGoesUp) {
  TestServer server(InTurn({TestAnswer(200, kAnswer)}));
  const auto model = Make(server);
  const auto chat = AskFor("Hi");
  ModelRequest request = Ask(chat);
  request.authorization = "Bearer client";
  ASSERT_TRUE(RunTask(context(), model->Complete(request)));
  EXPECT_EQ(server.requests().at(0).Header("Authorization"), "Bearer client");
  ASSERT_TRUE(Complete(*model, chat));
  EXPECT_EQ(server.requests().at(1).Header("Authorization"), "");
  EXPECT_EQ(server.connections_accepted(), 1) << "kept alive";
}

TEST_F(OpenAiModelTest, TriesAgainAfter500And429AndHonoursTheWait) {
  TestServer server(InTurn({TestAnswer(500, R"({"error":{"message":"x"}})"),
                            TestAnswer(429, R"({"error":{"code":"rate_limit_exceeded"}})",
                                       "application/json", "Retry-After-Ms: 120\r\n"),
                            TestAnswer(200, kAnswer)}));
  const auto model = Make(server);
  const Monotonic begun = Clock::System().Now();
  ASSERT_TRUE(Complete(*model, AskFor("Hi")));
  EXPECT_GE(Clock::System().Now() - begun, milliseconds(120));
  EXPECT_EQ(retries_, 2);
  EXPECT_EQ(server.request_count(), 3);
  EXPECT_EQ(model->counts().retries, 2);
  EXPECT_EQ(model->counts().failures, 0);
}

TEST_F(OpenAiModelTest, GivesTheLastErrorWhenTriesAreUsedUp) {
  TestServer server(InTurn({TestAnswer(503, R"({"error":{"message":"busy"}})", "application/json",
                                       "Retry-After: 0\r\n")}));
  const auto model = Make(server);
  const auto answer = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(answer.error().reply->body, R"({"error":{"message":"busy"}})");
  EXPECT_EQ(server.request_count(), 3);
  EXPECT_EQ(retries_, 2);
  EXPECT_EQ(model->counts().failures, 1);
}

TEST_F(OpenAiModelTest, ALongWaitGoesToTheCallerInstead) {
  TestServer server(InTurn({TestAnswer(429, "{}", "application/json", "Retry-After: 60\r\n")}));
  const auto model = Make(server);
  const auto answer = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kTooMany);
  EXPECT_EQ(answer.error().retry_after, seconds(60));
  EXPECT_EQ(server.request_count(), 1);
}

TEST_F(OpenAiModelTest, WhatTheRequestDidWrongIsNotTriedAgain) {
  TestServer server(
      InTurn({TestAnswer(400, R"({"error":{"code":"context_length_exceeded"}})"),
              TestAnswer(401, R"({"error":{"code":"invalid_api_key"}})"),
              TestAnswer(404, R"({"error":{"code":"model_not_found"}})"), TestAnswer(413, "")}));
  const auto model = Make(server);
  for (const ErrorKind kind : {ErrorKind::kContextLength, ErrorKind::kUnauthorized,
                               ErrorKind::kNotFound, ErrorKind::kTooLarge}) {
    const auto answer = Complete(*model, AskFor("Hi"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind);
  }
  EXPECT_EQ(server.request_count(), 4);
  EXPECT_EQ(model->health().state, ModelState::kReady) << "none of it is the upstream's failure";
}

TEST_F(OpenAiModelTest, PagesGarbageAndSilenceAreClearErrors) {
  TestServer server(InTurn({TestAnswer(200, "<html>Welcome</html>", "text/html"),
                            TestAnswer(200, ""), TestAnswer(200, R"({"choices":7})"),
                            TestAnswer(200, R"({"error":{"code":"rate_limit_exceeded"}})"),
                            "SMTP ready\r\n\r\n"}));
  ModelOptions options = OptionsFor(server.url());
  options.retries = 0;
  options.breaker_failures = 0;
  const auto model = Make(options);
  const auto page = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().message.find("model \"big\" answered 200 with an HTML page"),
            std::string::npos);
  const auto empty = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message.find("an empty body"), std::string::npos);
  const auto shapeless = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(shapeless);
  EXPECT_EQ(shapeless.error().kind, ErrorKind::kProtocol);
  EXPECT_EQ(shapeless.error().where, "big");
  const auto disguised = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(disguised);
  EXPECT_EQ(disguised.error().kind, ErrorKind::kTooMany) << "an error under status 200";
  const auto garbage = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().kind, ErrorKind::kProtocol);
  EXPECT_NE(garbage.error().message.find("\"big\""), std::string::npos);
}

TEST_F(OpenAiModelTest, AnAnswerThatBreaksOffIsTriedAgain) {
  std::atomic<int> asked{0};
  TestServer server([&](const TestMessage&, TestSocket& client) {
    if (asked++ == 0) {
      client.Send("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"choices\":[");
      client.Reset();
    } else {
      client.Send(TestAnswer(200, kAnswer));
    }
  });
  const auto model = Make(server);
  ASSERT_TRUE(Complete(*model, AskFor("Hi")));
  EXPECT_EQ(retries_, 1);
}

TEST_F(OpenAiModelTest, ASilentUpstreamTimesOut) {
  TestServer server([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  ModelOptions options = OptionsFor(server.url());
  options.first_byte_timeout_ms = 60;
  const auto model = Make(options);
  const auto answer = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
}

TEST_F(OpenAiModelTest, CancellationEndsTheWorkAtOnce) {
  TestServer server([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  const auto model = Make(server);
  CancelAfter(milliseconds(30));
  const auto answer = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(WaitFor([&] { return server.connections_open() == 0; }));
  EXPECT_EQ(model->counts().failures, 0);
  EXPECT_EQ(model->counts().running, 0);
}

TEST_F(OpenAiModelTest, CancellationEndsTheWaitBetweenTries) {
  TestServer server(InTurn({TestAnswer(500, "{}", "application/json", "Retry-After: 9\r\n")}));
  const auto model = Make(server);
  CancelAfter(milliseconds(50));
  const Monotonic begun = Clock::System().Now();
  const auto answer = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
  EXPECT_LT(Clock::System().Now() - begun, seconds(8));
  EXPECT_EQ(server.request_count(), 1);
}

TEST_F(OpenAiModelTest, TheCircuitOpensAndATrialClosesIt) {
  std::atomic<bool> healthy{false};
  TestServer server([&](const TestMessage&, TestSocket& client) {
    client.Send(healthy ? TestAnswer(200, kAnswer) : TestAnswer(500, "{}"));
  });
  ModelOptions options = OptionsFor(server.url());
  options.retries = 0;
  options.breaker_failures = 3;
  options.breaker_open_ms = 300;
  const auto model = Make(options);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Complete(*model, AskFor("Hi")));
  const auto refused = Complete(*model, AskFor("Hi"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_EQ(server.request_count(), 3) << "an open circuit asks nobody";
  EXPECT_EQ(model->health().state, ModelState::kDown);
  EXPECT_NE(model->health().detail.find("ms"), std::string::npos);
  EXPECT_EQ(model->counts().circuit_opened, 1);
  EXPECT_EQ(model->counts().refused_open, 1);
  healthy = true;
  RunFor(context(), milliseconds(350));
  EXPECT_TRUE(Complete(*model, AskFor("Hi")));
  EXPECT_EQ(model->health().state, ModelState::kReady);
}

TEST_F(OpenAiModelTest, ADeadUpstreamIsUnavailableAndNamed) {
  std::string url;
  {
    TestServer gone([](const TestMessage&, TestSocket&) {});
    url = gone.url();
  }
  ModelOptions options = OptionsFor(url);
  options.api_key = "sk-very-secret";
  const auto model = Make(options);
  const auto answer = Complete(*model, AskFor("my private question"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(answer.error().message.find("\"big\""), std::string::npos);
  EXPECT_EQ(answer.error().ToString().find("secret"), std::string::npos);
  EXPECT_EQ(answer.error().ToString().find("private"), std::string::npos);
  EXPECT_EQ(retries_, 2) << "a refused connection is tried again";
}

TEST_F(OpenAiModelTest, OneTooManyIsRefused) {
  TestServer server([](const TestMessage&, TestSocket& client) { client.WaitForEnd(); });
  ModelOptions options = OptionsFor(server.url());
  options.max_concurrent = 1;
  const auto model = Make(options);
  const auto chat = AskFor("Hi");
  ModelRequest first = Ask(chat);
  boost::asio::co_spawn(context(), model->Complete(first), [](auto, auto) {});
  RunUntil(context(), [&] { return server.request_count() == 1; });
  const auto second = Complete(*model, chat);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kTooMany);
  EXPECT_TRUE(second.error().retryable);
  EXPECT_EQ(model->counts().refused_full, 1);
  EXPECT_EQ(model->counts().running, 1);
  cancellation_.Cancel(CancelReason::kShutdown);
  RunUntil(context(), [&] { return model->counts().running == 0; });
}

TEST_F(OpenAiModelTest, EmbedsUntouchedButForTheModel) {
  constexpr std::string_view kVectors = R"({"object":"list","data":[{"embedding":[0.10,1e-2]}]})";
  TestServer server(InTurn({TestAnswer(500, "{}", "application/json", "Retry-After-Ms: 1\r\n"),
                            TestAnswer(200, kVectors)}));
  ModelOptions options = OptionsFor(server.url());
  options.model = "embedder";
  const auto model = Make(options);
  const auto vectors =
      RunTask(context(), model->Embed(R"({"input":"x","model":"big"})", "Bearer c", cancellation_));
  ASSERT_TRUE(vectors);
  EXPECT_EQ(*vectors, kVectors);
  const TestMessage sent = server.requests().at(1);
  EXPECT_EQ(sent.target(), "/v1/embeddings");
  EXPECT_EQ(sent.body, R"({"input":"x","model":"embedder"})");
  EXPECT_EQ(sent.Header("Authorization"), "Bearer c");
}

TEST_F(OpenAiModelTest, BadOptionsNameTheirKeyAndNoSecret) {
  ModelOptions options = OptionsFor("http://127.0.0.1:1");
  options.url = "ftp://x";
  auto made = OpenAiModel::Make(options, runtime_, seconds(1));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().where, "url");
  options = OptionsFor("http://127.0.0.1:1");
  options.headers = {"X-Ok: 1", "no colon secret"};
  made = OpenAiModel::Make(options, runtime_, seconds(1));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().where, "headers[1]");
  EXPECT_EQ(made.error().ToString().find("secret"), std::string::npos);
  options.headers = {};
  options.api_key = "sk-secret\r\nX-Evil: 1";
  made = OpenAiModel::Make(options, runtime_, seconds(1));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().where, "api_key");
  EXPECT_EQ(made.error().ToString().find("secret"), std::string::npos);
}

TEST(OpenAiModelThreadsTest, EachThreadHasItsOwnConnections) {
  TestServer server(InTurn({TestAnswer(200, kAnswer)}));
  Runtime runtime(3);
  ModelOptions options;
  options.name = "big";
  options.kind = "openai";
  options.url = server.url();
  auto made = OpenAiModel::Make(options, runtime, seconds(600));
  ASSERT_TRUE(made);
  std::shared_ptr<Model> model = *std::move(made);
  const ChatRequest chat = AskFor("Hi");
  std::atomic<int> done{0}, good{0};
  const auto one = [](Model& asked, const ChatRequest& request,
                      std::atomic<int>& ok) -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      Cancellation cancellation;
      ModelRequest ask{.chat = request, .cancellation = cancellation};
      ok += (co_await asked.Complete(ask)).has_value();
    }
  };
  runtime.Start();
  for (size_t thread = 0; thread < runtime.size(); ++thread) {
    boost::asio::co_spawn(runtime.context(thread), one(*model, chat, good),
                          [&](std::exception_ptr) { ++done; });
  }
  EXPECT_TRUE(WaitFor([&] { return done == 3; }));
  EXPECT_EQ(good.load(), 60);
  EXPECT_EQ(server.connections_accepted(), 3);
  model.reset();  // from this thread: the clients end on theirs
  EXPECT_TRUE(WaitFor([&] { return server.connections_open() == 0; }));
}

}  // namespace
}  // namespace understudy
