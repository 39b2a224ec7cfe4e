#include "simulate/reference_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/json.h"
#include "base/runtime.h"
#include "chat/sse.h"
#include "simulate/office_agent.h"
#include "support/gateway_fixture.h"
#include "support/test_socket.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr ReferencePace kAtOnce{.first_token = milliseconds(0), .tokens_per_s = 0, .jitter = 0};

class ReferenceServerTest : public testing::Test {
 protected:
  void Start(const ReferencePace& pace) {
    server_ = std::make_unique<ReferenceServer>(runtime_.contexts(), pace);
    ASSERT_TRUE(server_->Listen("127.0.0.1:0"));
    runtime_.Start();
  }
  void TearDown() override {
    auto stopped = std::make_shared<std::promise<void>>();
    server_->Stop(milliseconds(0), [stopped] { stopped->set_value(); });
    stopped->get_future().wait();
    runtime_.Stop();
    runtime_.Join();
  }
  TestMessage Ask(const TestCall& call) const {
    TestSocket client = TestSocket::Connect(server_->port());
    client.Send(HttpBytes(call));
    return client.ReceiveMessage();
  }

  Runtime runtime_{1};
  std::unique_ptr<ReferenceServer> server_;
};

std::string Streamed(const std::string& request) {
  return R"({"stream":true,"stream_options":{"include_usage":true},)" + request.substr(1);
}

ChatAnswer Built(const std::string& events) {
  SseParser parser;
  parser.Feed(events);
  AnswerBuilder builder;
  for (auto event = parser.Next(); event && *event && (*event)->data != "[DONE]";
       event = parser.Next()) {
    const auto chunk = ParseChatChunk((*event)->data);
    EXPECT_TRUE(chunk) << (*event)->data;
    if (chunk) builder.Add(*chunk);
  }
  return std::move(builder).Build(0);
}

TEST_F(ReferenceServerTest, AnswersTheAgentWholeAndStreamed) {
  Start(kAtOnce);
  for (const OfficeCall& call : OfficeAgent({.seed = 21}).Calls(40)) {
    const TestMessage reply = Ask({call.request, {}});
    ASSERT_EQ(reply.status(), 200);
    const auto answer = ParseChatAnswer(reply.body);
    ASSERT_TRUE(answer) << reply.body;
    const ChatAnswer expected = AnswerOf(call.expected, call.call_id, call.request, 0);
    EXPECT_TRUE(SameAnswer(*answer, expected)) << reply.body;
    const TestMessage stream = Ask({Streamed(call.request), {}});
    EXPECT_THAT(stream.Header("content-type"), HasSubstr("text/event-stream"));
    EXPECT_THAT(stream.body, testing::EndsWith("data: [DONE]\n\n"));
    const ChatAnswer built = Built(stream.body);
    EXPECT_TRUE(SameAnswer(built, expected)) << stream.body;
    EXPECT_EQ(built.usage.completion_tokens, answer->usage.completion_tokens);
  }
  EXPECT_EQ(server_->answered(), 80);
}

TEST_F(ReferenceServerTest, StrangersGetAnAnswerOrAClearError) {
  Start(kAtOnce);
  EXPECT_THAT(Ask({ChatBody(), {}}).body, HasSubstr("simulated reference"));
  const TestMessage broken = Ask({"{", {}});
  EXPECT_EQ(broken.status(), 400);
  EXPECT_THAT(broken.body, HasSubstr("invalid_request_error"));
  EXPECT_EQ(Ask({R"({"messages":7})", {}}).status(), 400);
  EXPECT_EQ(Ask({"", {}, "/v1/other", "GET"}).status(), 404);
  EXPECT_EQ(Ask({"", {}, "/v1/chat/completions", "GET"}).status(), 405);
  EXPECT_EQ(Ask({"", {}, "/healthz", "GET"}).status(), 200);
  const TestMessage models = Ask({"", {}, "/v1/models", "GET"});
  EXPECT_EQ(models.status(), 200);
  EXPECT_THAT(models.body, HasSubstr("simulated-reference"));
}

TEST_F(ReferenceServerTest, FailsAsOftenAsItIsTold) {
  ReferencePace pace = kAtOnce;
  pace.error_share = 1;
  Start(pace);
  std::vector<int> statuses;
  for (int i = 0; i < 3; ++i) {
    const TestMessage reply = Ask({ChatBody(), {}});
    statuses.push_back(reply.status());
    EXPECT_THAT(reply.body, HasSubstr("simulated_failure"));
  }
  EXPECT_THAT(statuses, testing::UnorderedElementsAre(429, 500, 503));
}

TEST_F(ReferenceServerTest, TakesItsTime) {
  Start({.first_token = milliseconds(150), .tokens_per_s = 1000, .jitter = 0});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask({ChatBody(), {}}).status(), 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(150));
}

}  // namespace
}  // namespace understudy
