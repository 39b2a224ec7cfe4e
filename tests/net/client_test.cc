#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/client_fixture.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(HttpClient, SendsARequestAsItShouldBe) {
  TestServer server(Answer(TestAnswer(201, "made", "text/plain", "X-A: b\r\n")));
  Client client(server.url() + "/v1/");
  client.headers.Add("Authorization", "Bearer k");
  client.headers.Add("Host", "evil");
  client.headers.Add("content-length", "999");
  client.headers.Add("Connection", "close");
  client.headers.Add("Transfer-Encoding", "chunked");
  auto reply = client.Send("POST", "/chat?x=1", "body");
  ASSERT_TRUE(reply) << reply.error().ToString();
  EXPECT_EQ((*reply)->status, 201);
  EXPECT_EQ((*reply)->headers.Get("x-a"), "b");
  EXPECT_EQ(client.Body(**reply).value(), "made");
  const TestMessage request = server.requests().at(0);
  EXPECT_EQ(request.start_line, "POST /v1/chat?x=1 HTTP/1.1");
  EXPECT_EQ(request.Header("Host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request.Header("Content-Length"), "4");
  EXPECT_EQ(request.Header("Authorization"), "Bearer k");
  EXPECT_EQ(request.headers.size(), 3U);
  EXPECT_EQ(request.body, "body");
}

TEST(HttpClient, RefusesWhatCouldSplitARequest) {
  TestServer server(Answer(TestAnswer(200, "")));
  Client client(server.url());
  EXPECT_EQ(client.Send("GET", "/a b").error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(client.Send("GET /\r\n", "/").error().kind, ErrorKind::kInvalidInput);
  client.headers.Add("X-Key", "secret\r\nX-Injected: 1");
  const auto reply = client.Send("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(reply.error().ToString(), testing::Not(HasSubstr("secret")));
  EXPECT_EQ(server.connections_accepted(), 0U);
}

TEST(HttpClient, UsesItsConnectionAgain) {
  TestServer server(Answer(TestAnswer(200, "x")));
  Client client(server.url());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Post("b"), "x");
  EXPECT_EQ(server.connections_accepted(), 1U);
  EXPECT_EQ(client.http.idle_connections(), 1U);
  EXPECT_EQ(client.http.open_connections(), 1U);
}

TEST(HttpClient, TakesTheConnectionUsedLast) {
  TestServer server(Answer(TestAnswer(200, "")));
  Client client(server.url());
  auto first = client.Send("GET", "/");
  auto second = client.Send("GET", "/");
  EXPECT_EQ(client.http.open_connections(), 2U);
  EXPECT_EQ(client.http.idle_connections(), 0U);
  client.Body(**first).value();
  client.Body(**second).value();
  EXPECT_EQ(client.http.idle_connections(), 2U);
  for (int i = 0; i < 4; ++i) client.Post("");
  EXPECT_EQ(server.connections_accepted(), 2U);
}

TEST(HttpClient, KeepsNoMoreIdleConnectionsThanAllowed) {
  TestServer server(Answer(TestAnswer(200, "")));
  ClientOptions options;
  options.max_idle = 1;
  Client client(server.url(), options);
  auto first = client.Send("GET", "/");
  auto second = client.Send("GET", "/");
  client.Body(**first).value();
  client.Body(**second).value();
  EXPECT_EQ(client.http.open_connections(), 1U);
}

TEST(HttpClient, ClosesTheConnectionOfAReplyDroppedEarly) {
  std::atomic<bool> closed = false;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    peer.Send(TestChunkedHead() + TestChunk("a"));
    closed = peer.WaitForEnd();
    peer.Close();
  });
  Client client(server.url());
  auto reply = client.Send("GET", "/");
  EXPECT_EQ(RunTask(client.context, (*reply)->ReadSome()).value(), "a");
  reply->reset();
  EXPECT_EQ(client.http.open_connections(), 0U);
  RunFor(client.context, milliseconds(20));
  EXPECT_TRUE(WaitFor([&] { return closed.load(); }));
}

TEST(HttpClient, ReadsEveryKindOfBody) {
  TestServer server([](const TestMessage& request, TestSocket& peer) {
    if (request.target() == "/length") peer.Send(TestAnswer(200, "by length"));
    if (request.target() == "/chunked") {
      peer.Send(TestChunkedHead() + TestChunk("by ") + TestChunk("chunks"));
      peer.Send(kTestLastChunk);
    }
    if (request.target() == "/empty") peer.Send("HTTP/1.1 204 No\r\n\r\n");
    if (request.target() == "/interim") {
      peer.Send("HTTP/1.1 100 Continue\r\n\r\n" + TestAnswer(200, "after interim"));
    }
    if (request.target() != "/close") return;
    peer.Send("HTTP/1.1 200 OK\r\n\r\nuntil ");
    std::this_thread::sleep_for(milliseconds(5));
    peer.Send("close");
    peer.Close();
  });
  Client client(server.url());
  EXPECT_EQ(client.Post("", "/length"), "by length");
  EXPECT_EQ(client.Post("", "/chunked"), "by chunks");
  EXPECT_EQ(client.Post("", "/empty"), "");
  EXPECT_EQ(client.Post("", "/interim"), "after interim");
  EXPECT_EQ(client.Post("", "/close"), "until close");
  EXPECT_EQ(client.http.open_connections(), 0U);
  EXPECT_EQ(server.connections_accepted(), 1U);
}

TEST(HttpClient, ReadsPiecesAsTheyCome) {
  std::atomic<int> allowed = 0;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    peer.Send(TestChunkedHead());
    for (int i = 0; i < 3; ++i) {
      WaitFor([&] { return allowed > i; });
      peer.Send(TestEvent(std::to_string(i)));
    }
    peer.Send(kTestLastChunk);
  });
  Client client(server.url());
  auto reply = client.Send("POST", "/");
  for (int i = 0; i < 3; ++i) {
    ++allowed;
    EXPECT_EQ(RunTask(client.context, (*reply)->ReadSome()).value(),
              "data: " + std::to_string(i) + "\n\n");
  }
  EXPECT_EQ(RunTask(client.context, (*reply)->ReadSome()).value(), "");
  EXPECT_EQ(RunTask(client.context, (*reply)->ReadSome()).value(), "");  // and stays so
  EXPECT_EQ(client.http.idle_connections(), 1U);
}

TEST(HttpClient, CarriesBigBodiesBothWays) {
  const std::string big(size_t{8} << 20, 'z');
  TestServer server([](const TestMessage& request, TestSocket& peer) {
    peer.Send(TestAnswer(200, request.body));
  });
  Client client(server.url());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.Post(big) == big);
  EXPECT_EQ(server.connections_accepted(), 1U);
}

TEST(HttpClient, BoundsReadAll) {
  TestServer server(Answer(TestAnswer(200, std::string(1000, 'x'))));
  Client client(server.url());
  auto reply = client.Send("GET", "/");
  EXPECT_EQ(client.Body(**reply, 999).error().kind, ErrorKind::kProtocol);
  reply = client.Send("GET", "/");
  EXPECT_EQ(client.Body(**reply, 1000).value().size(), 1000U);
}

TEST(HttpClient, SendsHead) {
  TestServer server([](const TestMessage& request, TestSocket& peer) {
    const std::string answer = TestAnswer(200, "body");
    peer.Send(request.method() == "HEAD" ? answer.substr(0, answer.size() - 4) : answer);
  });
  Client client(server.url());
  auto reply = client.Send("HEAD", "/");
  EXPECT_EQ((*reply)->headers.Get("Content-Length"), "4");
  EXPECT_EQ(client.Body(**reply).value(), "");
  EXPECT_EQ(client.Post("again"), "body");
  EXPECT_EQ(server.connections_accepted(), 1U);
}

// Upstreams that misbehave.

struct Misdeed {
  std::string bytes;
  std::string says;
};

class BadUpstream : public testing::TestWithParam<Misdeed> {};

TEST_P(BadUpstream, EndsInAProtocolError) {
  TestServer server(AnswerThenClose(GetParam().bytes));
  Client client(server.url());
  auto reply = client.Send("POST", "/", "b");
  Error error = InternalError("none");
  if (reply) {
    auto body = client.Body(**reply);
    ASSERT_FALSE(body) << *body;
    error = body.error();
    EXPECT_FALSE(error.retryable);  // part of the answer had arrived
  } else {
    error = reply.error();
  }
  EXPECT_EQ(error.kind, ErrorKind::kProtocol) << error.ToString();
  EXPECT_EQ(error.source, ErrorSource::kUpstream);
  EXPECT_THAT(error.ToString(), HasSubstr(GetParam().says));
  EXPECT_THAT(error.ToString(), HasSubstr(server.url()));
  EXPECT_EQ(error.retryable, GetParam().bytes.empty());
  reply = Fail(error);
  EXPECT_EQ(client.http.open_connections(), 0U);
  EXPECT_EQ(server.request_count(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUpstream,
    testing::Values(Misdeed{"", "without an answer"}, Misdeed{"HTTP/1.1 20", "without an answer"},
                    Misdeed{"SSH-2.0-OpenSSH\r\n\r\n", "breaks HTTP"},
                    Misdeed{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "in the middle"},
                    Misdeed{TestChunkedHead() + "5\r\nab", "in the middle"},
                    Misdeed{TestChunkedHead() + TestChunk("ab"), "in the middle"},
                    Misdeed{TestChunkedHead() + "xx\r\nyy\r\n", "breaks HTTP"},
                    Misdeed{TestChunkedHead() + "1;" + std::string(200'000, 'e'), "too long"},
                    Misdeed{"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'), "header limit"}));

TEST(HttpClient, NoticesAReset) {
  TestServer server([](const TestMessage&, TestSocket& peer) {
    peer.Send(TestChunkedHead() + TestChunk("ab"));
    std::this_thread::sleep_for(milliseconds(20));
    peer.Reset();
  });
  Client client(server.url());
  auto reply = client.Send("POST", "/");
  ASSERT_TRUE(reply);
  EXPECT_THAT(client.Body(**reply).error().ToString(), HasSubstr("broke off"));
}

TEST(HttpClient, SaysWhenNobodyListens) {
  TestServer server(Answer(""));
  server.StopListening();
  Client client(server.url());
  const auto reply = client.Send("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(reply.error().retryable);
  EXPECT_THAT(reply.error().ToString(), HasSubstr(server.url()));
  EXPECT_THAT(reply.error().ToString(), HasSubstr("refused"));
}

TEST(HttpClient, SaysWhenAHostIsUnknown) {
  Client client("http://no-such-host.invalid");
  const auto reply = client.Send("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().kind, ErrorKind::kInternal);
  EXPECT_THAT(reply.error().ToString(), HasSubstr("no-such-host.invalid"));
}

TEST(HttpClient, LooksNamesUp) {
  TestServer server(Answer(TestAnswer(200, "local")));
  Client client("http://localhost:" + std::to_string(server.port()));
  EXPECT_EQ(client.Post(""), "local");
}

TEST(HttpClient, GivesUpOnAnUpstreamThatSaysNothing) {
  TestServer server([](const TestMessage&, TestSocket& peer) { peer.WaitForEnd(); });
  ClientOptions options;
  options.first_byte_timeout = milliseconds(50);
  Client client(server.url(), options);
  const auto reply = client.Send("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kTimeout);
  EXPECT_FALSE(reply.error().retryable);
  EXPECT_EQ(client.http.open_connections(), 0U);
}

TEST(HttpClient, GivesUpOnAStreamThatStalls) {
  TestServer server([](const TestMessage&, TestSocket& peer) {
    peer.Send(TestChunkedHead() + TestChunk("a"));
    peer.WaitForEnd();
  });
  ClientOptions options;
  options.idle_timeout = milliseconds(50);
  Client client(server.url(), options);
  auto reply = client.Send("GET", "/");
  ASSERT_TRUE(reply);
  EXPECT_EQ(client.Body(**reply).error().kind, ErrorKind::kTimeout);
}

TEST(HttpClient, GivesUpOnAnUpstreamThatTakesNothing) {
  boost::asio::io_context context(1);
  boost::asio::ip::tcp::acceptor deaf(context, {boost::asio::ip::address_v4::loopback(), 0});
  ClientOptions options;
  options.idle_timeout = milliseconds(50);
  options.first_byte_timeout = milliseconds(50);
  Client client("http://127.0.0.1:" + std::to_string(deaf.local_endpoint().port()), options);
  const auto reply = client.Send("POST", "/", std::string(size_t{32} << 20, 'x'));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kTimeout);
}

TEST(HttpClient, ReadsAnEarlyRefusalOfABigBody) {
  boost::asio::io_context context(1);
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  std::thread upstream([&] {
    TestSocket peer(acceptor.accept().release());
    peer.ReceiveUntil("\r\n\r\n");
    peer.Send(TestAnswer(413, "too large", "text/plain", "Connection: close\r\n"));
    peer.ShutdownSend();
    peer.WaitForEnd();
  });
  Client client("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()));
  {
    const auto reply = client.Send("POST", "/", std::string(size_t{16} << 20, 'x'));
    ASSERT_TRUE(reply) << reply.error().ToString();
    EXPECT_EQ((*reply)->status, 413);
  }
  upstream.join();
}

// Cancelling.

TEST(HttpClient, CancelsWhileItWaitsForTheHead) {
  std::atomic<bool> closed = false;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    closed = peer.WaitForEnd();
    peer.Close();
  });
  Client client(server.url());
  boost::asio::post(client.context, [&] {
    // The request is under way by the time the upstream has it.
    std::thread([&] {
      server.WaitForRequests(1);
      boost::asio::post(client.context,
                        [&] { client.cancellation.Cancel(CancelReason::kClientGone); });
    }).detach();
  });
  const auto reply = client.Send("POST", "/", "b");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(WaitFor([&] { return closed.load(); }));
  EXPECT_EQ(client.http.open_connections(), 0U);
}

TEST(HttpClient, CancelsWithinTheBody) {
  TestServer server([](const TestMessage&, TestSocket& peer) {
    peer.Send(TestChunkedHead() + TestChunk("a"));
    peer.WaitForEnd();
  });
  Client client(server.url());
  auto reply = client.Send("POST", "/", "b");
  ASSERT_TRUE(reply);
  boost::asio::steady_timer timer(client.context, milliseconds(20));
  timer.async_wait(
      [&](boost::system::error_code) { client.cancellation.Cancel(CancelReason::kDeadline); });
  EXPECT_EQ(client.Body(**reply).error().kind, ErrorKind::kTimeout);
}

TEST(HttpClient, DoesNothingForACancelledCall) {
  TestServer server(Answer(TestAnswer(200, "x")));
  Client client(server.url());
  client.cancellation.Cancel(CancelReason::kShutdown);
  EXPECT_EQ(client.Send("GET", "/").error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(server.connections_accepted(), 0U);
}

// Lifetimes.

TEST(HttpClient, MayGoBeforeItsReply) {
  TestServer server(Answer(TestAnswer(200, "still here")));
  boost::asio::io_context context(1);
  Cancellation cancellation;
  const Headers headers;
  auto client =
      std::make_unique<HttpClient>(context, ParseUrl(server.url()).value(), ClientOptions());
  auto reply = RunTask(context, client->Send("GET", "/", headers, "", cancellation));
  client.reset();
  EXPECT_EQ(RunTask(context, (*reply)->ReadAll(100)).value(), "still here");
  reply->reset();
  EXPECT_TRUE(WaitFor([&] { return server.connections_open() == 0; }));
}

TEST(HttpClient, LeavesNothingOfACallThatNeverEnds) {
  TestServer server([](const TestMessage&, TestSocket& peer) { peer.WaitForEnd(); });
  Cancellation cancellation;
  const Headers headers;
  const std::string body = "b";
  boost::asio::io_context context(1);
  HttpClient client(context, ParseUrl(server.url()).value(), {});
  boost::asio::co_spawn(context, client.Send("POST", "/", headers, body, cancellation),
                        boost::asio::detached);
  RunUntil(context, [&] { return server.request_count() == 1; });
  // The leak checker sees whether the waiting coroutine goes with its context.
}

TEST(HttpClient, NamesAMissingUnixSocket) {
  Client client("unix:/tmp/understudy-no-such.sock");
  const auto reply = client.Send("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(reply.error().ToString(), HasSubstr("understudy-no-such.sock"));
}

}  // namespace
}  // namespace understudy
