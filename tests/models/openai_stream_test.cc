#include "models/openai_stream.h"

#include "models/model_fixture.h"
#include "models/openai_model.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kRole =
    R"({"id":"c1", "choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})";
constexpr std::string_view kHi = R"({"id":"c1","choices":[{"index":0,"delta":{"content":"Hi"}}]})";
constexpr std::string_view kStop =
    R"({"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
constexpr std::string_view kUsage =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}})";
constexpr std::string_view kDone = "[DONE]";

std::string Events(std::vector<std::string_view> payloads) {
  std::string bytes = TestChunkedHead();
  for (const auto payload : payloads) bytes += TestEvent(payload);
  return bytes;
}

class OpenAiStreamTest : public ModelTest {
 protected:
  std::shared_ptr<Model> Make(const TestServer& server) {
    ModelOptions options;
    options.name = "big";
    options.kind = "openai";
    options.url = server.url();
    options.idle_timeout_ms = idle_timeout_ms_;
    auto model = OpenAiModel::Make(options, runtime_, seconds(600));
    EXPECT_TRUE(model);
    return *std::move(model);
  }
  // Sends `bytes` and then `end`s the connection in its way.
  std::unique_ptr<TestServer> Serve(std::string bytes, std::function<void(TestSocket&)> end) {
    return std::make_unique<TestServer>(
        [bytes = std::move(bytes), end = std::move(end)](const TestMessage&, TestSocket& client) {
          client.Send(bytes);
          end(client);
        });
  }
  static void KeepAlive(TestSocket& client) { client.Send(kTestLastChunk); }
  static void Close(TestSocket& client) { client.Close(); }
  static void Reset(TestSocket& client) { client.Reset(); }
  static void Hang(TestSocket& client) { client.WaitForEnd(); }

  int64_t idle_timeout_ms_ = 20'000;
};

TEST_F(OpenAiStreamTest, GivesTheExactPayloadsAndKeepsTheConnection) {
  const auto server = Serve(Events({kRole, kHi, kStop, kUsage, kDone}), KeepAlive);
  const auto model = Make(*server);
  for (int i = 0; i < 2; ++i) {
    auto stream = Stream(*model, AskFor("Hi"));
    ASSERT_TRUE(stream) << stream.error().ToString();
    const auto payloads = Drain(**stream);
    ASSERT_TRUE(payloads) << payloads.error().ToString();
    EXPECT_THAT(*payloads, ::testing::ElementsAre(kRole, kHi, kStop, kUsage));
    EXPECT_FALSE(*RunTask(context(), (*stream)->Next())) << "the end stays the end";
  }
  EXPECT_EQ(server->connections_accepted(), 1);
  const TestMessage sent = server->requests().at(0);
  EXPECT_EQ(sent.Header("Accept"), "text/event-stream");
  EXPECT_NE(sent.body.find(R"("stream":true)"), std::string::npos);
  EXPECT_NE(sent.body.find("include_usage"), std::string::npos);
  EXPECT_EQ(model->counts().running, 0);
}

TEST_F(OpenAiStreamTest, AnyCuttingOfTheBytesGivesTheSame) {
  const std::string events = Events({kRole, kHi, kStop, kDone});
  TestServer server([&](const TestMessage&, TestSocket& client) {
    for (const char byte : events) client.Send({&byte, 1});
    client.Send(kTestLastChunk);
  });
  const auto model = Make(server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  EXPECT_THAT(*Drain(**stream), ::testing::ElementsAre(kRole, kHi, kStop));
}

TEST_F(OpenAiStreamTest, WithoutDoneButFinishedItIsComplete) {
  for (auto* end : {&KeepAlive, &Close, &Reset}) {
    const auto server = Serve(Events({kRole, kHi, kStop}), end);
    const auto model = Make(*server);
    auto stream = Stream(*model, AskFor("Hi"));
    ASSERT_TRUE(stream);
    const auto payloads = Drain(**stream);
    if (end == &Reset && !payloads) continue;  // the reset may overtake the bytes
    ASSERT_TRUE(payloads) << payloads.error().ToString();
    EXPECT_EQ(payloads->size(), 3);
  }
}

TEST_F(OpenAiStreamTest, UnfinishedItBrokeOff) {
  for (auto* end : {&KeepAlive, &Close, &Reset}) {
    const auto server = Serve(Events({kRole, kHi}), end);
    const auto model = Make(*server);
    auto stream = Stream(*model, AskFor("Hi"));
    if (!stream && end == &Reset) continue;
    ASSERT_TRUE(stream);
    const auto payloads = Drain(**stream);
    ASSERT_FALSE(payloads);
    EXPECT_EQ(payloads.error().kind, ErrorKind::kProtocol);
    EXPECT_FALSE(RunTask(context(), (*stream)->Next())) << "the failure stays";
    EXPECT_EQ(model->counts().failures, 1);
    EXPECT_EQ(model->counts().running, 0);
  }
}

TEST_F(OpenAiStreamTest, EveryChoiceMustHaveFinished) {
  constexpr std::string_view kSecond = R"({"choices":[{"index":1,"delta":{"content":"Yo"}}]})";
  const auto server = Serve(Events({kHi, kSecond, kStop}), KeepAlive);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  EXPECT_FALSE(Drain(**stream));
}

TEST_F(OpenAiStreamTest, AnErrorInTheStreamIsTheUpstreams) {
  constexpr std::string_view kError = R"({"error":{"message":"secret","type":"server_error"}})";
  const auto server = Serve(Events({kHi, kError}), KeepAlive);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  const auto payloads = Drain(**stream);
  ASSERT_FALSE(payloads);
  EXPECT_EQ(payloads.error().kind, ErrorKind::kUpstream);
  EXPECT_EQ(payloads.error().reply->body, kError);
  EXPECT_EQ(payloads.error().message.find("secret"), std::string::npos);
}

TEST_F(OpenAiStreamTest, BeforeTheFirstChunkItIsTriedAgain) {
  constexpr std::string_view kBusy = R"({"error":{"type":"overloaded_error"}})";
  std::atomic<int> asked{0};
  TestServer server([&](const TestMessage&, TestSocket& client) {
    const int nth = asked++;
    client.Send(nth == 0 ? Events({kBusy}) : nth == 1 ? TestChunkedHead() : Events({kStop, kDone}));
    if (nth == 1) return client.Close();  // began, and said nothing
    client.Send(kTestLastChunk);
  });
  const auto model = Make(server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream) << stream.error().ToString();
  EXPECT_EQ(retries_, 2);
  EXPECT_THAT(*Drain(**stream), ::testing::ElementsAre(kStop));
}

TEST_F(OpenAiStreamTest, BrokenStreamsInARowOpenTheCircuit) {
  const auto server = Serve(Events({kHi}), KeepAlive);
  const auto model = Make(*server);
  for (int i = 0; i < 5; ++i) {
    auto stream = Stream(*model, AskFor("Hi"));
    ASSERT_TRUE(stream) << i;
    EXPECT_FALSE(Drain(**stream));
  }
  EXPECT_EQ(model->health().state, ModelState::kDown);
}

TEST_F(OpenAiStreamTest, GarbageIsAProtocolError) {
  for (const std::string_view payload : {"{", "7", R"({"choices":3})", "\xff\xfe"}) {
    const auto server = Serve(Events({kHi, payload}), KeepAlive);
    const auto model = Make(*server);
    auto stream = Stream(*model, AskFor("Hi"));
    ASSERT_TRUE(stream);
    const auto payloads = Drain(**stream);
    ASSERT_FALSE(payloads) << payload;
    EXPECT_EQ(payloads.error().kind, ErrorKind::kProtocol);
    EXPECT_EQ(payloads.error().where, "big");
  }
}

TEST_F(OpenAiStreamTest, APageIsNamed) {
  const auto server = Serve(TestAnswer(200, "<html>", "text/html"), [](TestSocket&) {});
  const auto model = Make(*server);
  const auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_FALSE(stream);
  EXPECT_NE(stream.error().message.find("HTML page"), std::string::npos);
  EXPECT_EQ(server->request_count(), 1);
}

TEST_F(OpenAiStreamTest, AWholeAnswerIsStreamedAllTheSame) {
  const auto server =
      Serve(TestAnswer(200, R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant",)"
                            R"("content":"Hello"},"finish_reason":"stop"}]})"),
            [](TestSocket&) {});
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream) << stream.error().ToString();
  std::string content;
  while (auto chunk = *RunTask(context(), (*stream)->Next())) {
    for (const auto& delta : chunk->deltas) content += delta.content;
  }
  EXPECT_EQ(content, "Hello");
}

TEST_F(OpenAiStreamTest, AStreamThatStallsTimesOut) {
  idle_timeout_ms_ = 60;
  const auto server = Serve(Events({kHi}), Hang);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  const auto payloads = Drain(**stream);
  ASSERT_FALSE(payloads);
  EXPECT_EQ(payloads.error().kind, ErrorKind::kTimeout);
}

TEST_F(OpenAiStreamTest, DoneIsTheEndEvenIfTheConnectionHangs) {
  const auto server = Serve(Events({kHi, kStop, kDone}), Hang);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  const Monotonic begun = Clock::System().Now();
  EXPECT_THAT(*Drain(**stream), ::testing::ElementsAre(kHi, kStop));
  EXPECT_LT(Clock::System().Now() - begun, seconds(10));
  EXPECT_TRUE(WaitFor([&] { return server->connections_open() == 0; }));
}

TEST_F(OpenAiStreamTest, DroppingItEndsTheUpstreamsWork) {
  const auto server = Serve(Events({kHi}), Hang);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  EXPECT_EQ(model->counts().running, 1);
  stream->reset();
  EXPECT_EQ(model->counts().running, 0);
  EXPECT_TRUE(WaitFor([&] { return server->connections_open() == 0; }));
}

TEST_F(OpenAiStreamTest, CancellationEndsItAtOnce) {
  const auto server = Serve(Events({kHi}), Hang);
  const auto model = Make(*server);
  auto stream = Stream(*model, AskFor("Hi"));
  ASSERT_TRUE(stream);
  ASSERT_TRUE(RunTask(context(), (*stream)->Next()));
  CancelAfter(milliseconds(30));
  const auto next = RunTask(context(), (*stream)->Next());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(WaitFor([&] { return server->connections_open() == 0; }));
  EXPECT_EQ(model->counts().failures, 0);
}

}  // namespace
}  // namespace understudy
