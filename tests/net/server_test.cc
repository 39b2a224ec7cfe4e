#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "support/server_threads.h"
#include "support/test_server.h"
#include "support/test_socket.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

Task<void> Echo(HttpRequest& request, ResponseWriter& writer) {
  HttpResponse response;
  response.headers.Add("Content-Type", "text/plain");
  response.headers.Add("X-Method", request.method);
  response.headers.Add("X-Target", request.target);
  response.headers.Add("Connection", "x-invented");  // the server's to set: dropped
  response.headers.Add("X-Bad", "a\r\nX-Injected: 1");
  response.body = request.body;
  (void)co_await writer.Send(std::move(response));
}

Task<void> Stream(HttpRequest& request, ResponseWriter& writer) {
  Headers headers;
  headers.Add("Content-Type", "text/event-stream");
  (void)co_await writer.Begin(200, std::move(headers));
  (void)co_await writer.Write("one");
  (void)co_await writer.Write("");
  (void)co_await writer.Write(request.body);
  (void)co_await writer.End();
}

TestSocket Ask(const ServerThreads& threads, std::string_view bytes) {
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(bytes);
  return client;
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  ServerThreads threads(Echo);
  TestSocket client = TestSocket::Connect(threads.port());
  for (int i = 0; i < 3; ++i) {
    client.Send("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    const TestMessage answer = client.ReceiveMessage();
    EXPECT_EQ(answer.start_line, "HTTP/1.1 200 OK");
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.Header("x-target"), "/a?b");
    EXPECT_EQ(answer.Header("Connection"), "");
    EXPECT_EQ(answer.Header("X-Injected"), "");
    EXPECT_THAT(answer.Header("Date"), HasSubstr("GMT"));
  }
  EXPECT_EQ(threads.server.connections(), 1U);
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  ServerThreads threads(Echo);
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  }
  TestSocket client = Ask(threads, all);
  for (int i = 0; i < 50; ++i) {
    const TestMessage answer = client.ReceiveMessage();
    ASSERT_TRUE(answer.complete);
    EXPECT_EQ(answer.Header("X-Target"), "/" + std::to_string(i));
  }
}

TEST(HttpServer, TakesARequestByteByByte) {
  ServerThreads threads(Echo);
  TestSocket client = TestSocket::Connect(threads.port());
  for (const char c :
       std::string("\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")) {
    client.Send(std::string_view(&c, 1));
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(client.ReceiveMessage().body, "ok");
}

TEST(HttpServer, TakesAndReturnsBigBodies) {
  ServerThreads threads(Echo);
  const std::string body(size_t{8} << 20, 'b');
  TestSocket client = TestSocket::Connect(threads.port());
  for (int i = 0; i < 2; ++i) {
    client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n");
    client.Send(body);
    EXPECT_EQ(client.ReceiveMessage().body, body);
  }
}

TEST(HttpServer, StreamsInChunks) {
  ServerThreads threads(Stream);
  TestSocket client = Ask(threads, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ntwo");
  const std::string all = client.ReceiveUntil("0\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(all, HasSubstr("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.ReceiveMessage().body, "one");
}

TEST(HttpServer, StreamsToHttp10UntilTheEnd) {
  ServerThreads threads(Stream);
  TestSocket client = Ask(threads, "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\ntwo");
  const TestMessage answer = client.ReceiveMessage();
  EXPECT_EQ(answer.Header("Transfer-Encoding"), "");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(answer.body, "onetwo");
}

TEST(HttpServer, KeepsHttp10ConnectionsIfAsked) {
  ServerThreads threads(Echo);
  TestSocket client = Ask(threads, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.ReceiveMessage().Header("Connection"), "keep-alive");
  client.Send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.ReceiveMessage().Header("Connection"), "close");
  EXPECT_TRUE(client.WaitForEnd());
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  ServerThreads threads(Echo);
  TestSocket client = Ask(threads, "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  TestMessage answer = client.ReceiveMessage(true);
  EXPECT_EQ(answer.Header("Content-Length"), "3");
  client.Send(kGet);
  answer = client.ReceiveMessage();
  EXPECT_EQ(answer.status(), 200);  // nothing of a body stood in between
  EXPECT_EQ(answer.Header("X-Method"), "GET");
}

TEST(HttpServer, ClosesWhenAsked) {
  ServerThreads threads(Echo);
  TestSocket client = Ask(threads, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.ReceiveMessage().Header("Connection"), "close");
  EXPECT_TRUE(client.WaitForEnd());
}

TEST(HttpServer, TellsWhoCalls) {
  std::string peer;
  ServerThreads threads([&](HttpRequest& request, ResponseWriter& writer) -> Task<void> {
    peer = request.peer;
    (void)co_await writer.Send(HttpResponse());
  });
  Ask(threads, kGet).ReceiveMessage();
  EXPECT_TRUE(peer.starts_with("127.0.0.1:")) << peer;
}

TEST(HttpServer, SpreadsConnectionsOverItsThreads) {
  std::array<std::atomic<int>, 3> seen{};
  ServerThreads threads(
      [&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
        ++seen[ThreadIndex()];
        (void)co_await writer.Send(HttpResponse());
      },
      {}, 3);
  std::vector<TestSocket> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(Ask(threads, kGet));
  for (TestSocket& client : clients) EXPECT_EQ(client.ReceiveMessage().status(), 200);
  for (const auto& count : seen) EXPECT_EQ(count, 3);
}

// What a handler does wrong must not leave the client without an answer.

TEST(HttpServer, Answers500WhenTheHandlerThrows) {
  ServerThreads threads([](HttpRequest&, ResponseWriter&) -> Task<void> {
    throw std::runtime_error("internal detail");
    co_return;
  });
  TestSocket client = Ask(threads, kGet);
  const TestMessage answer = client.ReceiveMessage();
  EXPECT_EQ(answer.status(), 500);
  EXPECT_THAT(answer.body, Not(HasSubstr("internal detail")));
  EXPECT_THAT(answer.body, HasSubstr("server_error"));
  EXPECT_TRUE(client.WaitForEnd());
}

TEST(HttpServer, Answers500WhenTheHandlerSaysNothing) {
  ServerThreads threads([](HttpRequest&, ResponseWriter&) -> Task<void> { co_return; });
  EXPECT_EQ(Ask(threads, kGet).ReceiveMessage().status(), 500);
}

TEST(HttpServer, BreaksOffAStreamThatItsHandlerLeaves) {
  ServerThreads threads([](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    (void)co_await writer.Begin(200, Headers());
    (void)co_await writer.Write("half");
  });
  TestSocket client = Ask(threads, kGet);
  const TestMessage answer = client.ReceiveMessage();
  EXPECT_EQ(answer.body, "half");
  EXPECT_FALSE(answer.complete);  // the client must be able to tell
  EXPECT_TRUE(client.WaitForEnd());
}

TEST(HttpServer, RefusesASecondAnswer) {
  std::vector<bool> results;
  ServerThreads threads([&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    results.push_back((co_await writer.Write("too early")).has_value());
    results.push_back((co_await writer.Send(HttpResponse())).has_value());
    results.push_back((co_await writer.Send(HttpResponse())).has_value());
    results.push_back((co_await writer.End()).has_value());
  });
  TestSocket client = Ask(threads, kGet);
  EXPECT_EQ(client.ReceiveMessage().status(), 200);
  client.Send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.ReceiveMessage().status(), 200);
  threads.Stop(std::chrono::milliseconds(1000));  // the handlers have ended
  ASSERT_GE(results.size(), 4U);
  EXPECT_EQ(std::vector<bool>(results.begin(), results.begin() + 4),
            (std::vector<bool>{false, true, false, false}));
}

// Hostile and unlucky clients.

struct Refusal {
  std::string bytes;
  int status;
};

class ServerRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(ServerRefuses, InOpenAiShapeAndCloses) {
  ServerLimits limits;
  limits.max_body_bytes = 100;
  limits.max_header_bytes = 2000;
  bool called = false;
  ServerThreads threads(
      [&](HttpRequest&, ResponseWriter&) -> Task<void> {
        called = true;
        co_return;
      },
      limits);
  TestSocket client = Ask(threads, GetParam().bytes);
  const TestMessage answer = client.ReceiveMessage();
  EXPECT_EQ(answer.status(), GetParam().status);
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  const auto body = ParseJson(answer.body);
  ASSERT_TRUE(body) << answer.body;
  const json::object& error = body->at("error").as_object();
  EXPECT_EQ(error.at("type"), "invalid_request_error");
  EXPECT_FALSE(error.at("message").as_string().empty());
  EXPECT_TRUE(error.at("param").is_null());
  EXPECT_TRUE(error.at("code").is_null());
  EXPECT_TRUE(client.WaitForEnd());
  EXPECT_FALSE(called);
}

INSTANTIATE_TEST_SUITE_P(
    All, ServerRefuses,
    testing::Values(Refusal{"rubbish\r\n\r\n", 400}, Refusal{"GET / HTTP/1.1\r\n\r\n", 400},
                    Refusal{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413},
                    Refusal{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n"
                            "Expect: 100-continue\r\n\r\n",
                            413},
                    Refusal{"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x'), 431},
                    Refusal{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "5;" +
                                std::string(100'000, 'x'),
                            431},
                    Refusal{"GET / HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\n\r\n", 417}));

TEST(HttpServer, SaysContinueOnlyOnceTheSizeIsRight) {
  ServerThreads threads(Echo);
  TestSocket client = Ask(threads,
                          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                          "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hello");
  EXPECT_EQ(client.ReceiveMessage().body, "hello");
}

TEST(HttpServer, Answers408ToASlowHeaderAndASlowBody) {
  ServerLimits limits;
  limits.header_timeout = seconds(1);
  limits.body_timeout = seconds(1);
  ServerThreads threads(Echo, limits);
  TestSocket head = Ask(threads, "GET / HT");
  TestSocket body = Ask(threads, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  const TestMessage slow_head = head.ReceiveMessage();
  EXPECT_EQ(slow_head.status(), 408);
  EXPECT_THAT(slow_head.body, HasSubstr("header"));
  const TestMessage slow_body = body.ReceiveMessage();
  EXPECT_EQ(slow_body.status(), 408);
  EXPECT_THAT(slow_body.body, HasSubstr("body"));
}

TEST(HttpServer, TricklingDoesNotExtendTheTime) {
  ServerLimits limits;
  limits.header_timeout = seconds(1);
  ServerThreads threads(Echo, limits);
  TestSocket client = Ask(threads, "GET / HTTP/1.1\r\nX: ");
  std::string got;
  for (int i = 0; i < 400 && got.empty(); ++i) {
    client.Send("x");
    got = client.Receive(milliseconds(50));
  }
  EXPECT_THAT(got, HasSubstr("408"));
}

TEST(HttpServer, ClosesIdleConnectionsSilently) {
  ServerLimits limits;
  limits.idle_timeout = seconds(1);
  ServerThreads threads(Echo, limits);
  TestSocket fresh = TestSocket::Connect(threads.port());
  TestSocket used = Ask(threads, kGet);
  EXPECT_EQ(used.ReceiveMessage().status(), 200);
  EXPECT_EQ(used.ReceiveAll(), "");
  EXPECT_EQ(fresh.ReceiveAll(), "");
  EXPECT_TRUE(used.ended());
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
}

TEST(HttpServer, ClosesConnectionsBeyondTheLimit) {
  ServerLimits limits;
  limits.max_connections = 2;
  ServerThreads threads(Echo, limits);
  TestSocket first = Ask(threads, kGet);
  TestSocket second = Ask(threads, kGet);
  EXPECT_EQ(first.ReceiveMessage().status(), 200);
  EXPECT_EQ(second.ReceiveMessage().status(), 200);
  TestSocket third = Ask(threads, kGet);
  EXPECT_TRUE(third.WaitForEnd());
  first.Close();
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 1; }));
  EXPECT_EQ(Ask(threads, kGet).ReceiveMessage().status(), 200);
}

}  // namespace
}  // namespace understudy
