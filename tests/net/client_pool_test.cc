#include <gmock/gmock.h>

#include "net/client_fixture.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

// Pooled connections that die.

TEST(HttpClient, ReplacesAConnectionThatEndedWhileIdle) {
  TestServer server(Answer(TestAnswer(200, "x")));
  Client client(server.url());
  EXPECT_EQ(client.Post(""), "x");
  server.CloseConnections();
  ASSERT_TRUE(WaitFor([&] { return server.connections_open() == 0; }));
  RunUntil(client.context, [&] { return client.http.idle_connections() == 0; });
  EXPECT_EQ(client.http.open_connections(), 0U);
  EXPECT_EQ(client.Post(""), "x");
  EXPECT_EQ(server.request_count(), 2U);
}

TEST(HttpClient, RetriesOnceWhenAReusedConnectionDiesUnanswered) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    if (++calls == 2) return peer.Reset();
    peer.Send(TestAnswer(200, "x"));
  });
  Client client(server.url());
  EXPECT_EQ(client.Post("1"), "x");
  EXPECT_EQ(client.Post("2"), "x");
  EXPECT_EQ(server.request_count(), 3U);
  EXPECT_EQ(server.connections_accepted(), 2U);
}

TEST(HttpClient, RetriesOnlyOnce) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    if (++calls > 1) return peer.Close();
    peer.Send(TestAnswer(200, "x"));
  });
  Client client(server.url());
  EXPECT_EQ(client.Post("1"), "x");
  const auto reply = client.Send("POST", "/", "2");
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().retryable);
  EXPECT_EQ(server.request_count(), 3U);
}

TEST(HttpClient, DoesNotRetryOnceTheAnswerHasBegun) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestMessage&, TestSocket& peer) {
    peer.Send(++calls == 1 ? TestAnswer(200, "x") : "HTTP/1.1 200");
    if (calls > 1) peer.Close();
  });
  Client client(server.url());
  EXPECT_EQ(client.Post("1"), "x");
  const auto reply = client.Send("POST", "/", "2");
  ASSERT_FALSE(reply);
  EXPECT_FALSE(reply.error().retryable);
  EXPECT_EQ(server.request_count(), 2U);
}

TEST(HttpClient, ClosesAnIdleConnectionThatSpeaks) {
  TestServer server([](const TestMessage&, TestSocket& peer) {
    peer.Send(TestAnswer(200, "x"));
    std::this_thread::sleep_for(milliseconds(30));
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned");
  });
  Client client(server.url());
  EXPECT_EQ(client.Post("1"), "x");
  RunUntil(client.context, [&] { return client.http.idle_connections() == 0; });
  EXPECT_EQ(client.http.open_connections(), 0U);
}

TEST(HttpClient, DropsAConnectionWithBytesBehindTheAnswer) {
  TestServer server(Answer(TestAnswer(200, "x") + "HTTP/1.1 200 OK\r\n"));
  Client client(server.url());
  EXPECT_EQ(client.Post("1"), "x");
  EXPECT_EQ(client.http.open_connections(), 0U);
}

TEST(HttpClient, ClosesIdleConnectionsOfOldAge) {
  TestServer server(Answer(TestAnswer(200, "x")));
  ClientOptions options;
  options.keep_alive = milliseconds(50);
  Client client(server.url(), options);
  EXPECT_EQ(client.Post("1"), "x");
  RunUntil(client.context, [&] { return client.http.open_connections() == 0; });
  EXPECT_TRUE(WaitFor([&] { return server.connections_open() == 0; }));
}

}  // namespace
}  // namespace understudy
