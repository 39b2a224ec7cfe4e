#include <gtest/gtest.h>
#include "net/client.h"
#include "support/run_task.h"
#include "support/server_threads.h"
#include "support/test_server.h"
namespace understudy {
Task<void> Echo(HttpRequest& request, ResponseWriter& writer) {
  HttpResponse r;
  r.body = request.method + " " + request.target + " " + request.body;
  (void)co_await writer.Send(std::move(r));
}
TEST(RoundTrip, KeepsItsConnection) {
  ServerThreads t(Echo);
  TestSocket s = TestSocket::Connect(t.port());
  s.Send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  TestMessage m = s.ReceiveMessage();
  EXPECT_EQ(m.body, "POST /a hello");
  EXPECT_EQ(m.status(), 200);
  boost::asio::io_context context;
  HttpClient client(context, *ParseUrl(t.server.url()), {});
  for (int i = 0; i < 3; ++i) {
    Cancellation c;
    Headers h;
    auto reply = RunTask(context, client.Send("POST", "/x", h, "body", c));
    ASSERT_TRUE(reply) << reply.error().ToString();
    auto body = RunTask(context, (*reply)->ReadAll(1000));
    EXPECT_EQ(*body, "POST /x body");
    EXPECT_EQ(client.idle_connections(), 1u);
    EXPECT_EQ(client.open_connections(), 1u);
  }
  EXPECT_EQ(t.server.connections(), 2u);
}
TEST(RoundTrip, DecodesChunks) {
  TestServer up([](const TestMessage&, TestSocket& c) {
    c.Send(TestChunkedHead());
    c.Send(TestEvent("a"));
    c.Send(kTestLastChunk);
  });
  boost::asio::io_context context;
  HttpClient client(context, *ParseUrl(up.url()), {});
  Cancellation c;
  Headers h;
  auto reply = RunTask(context, client.Send("POST", "/x", h, "body", c));
  ASSERT_TRUE(reply) << reply.error().ToString();
  auto body = RunTask(context, (*reply)->ReadAll(1000));
  EXPECT_EQ(*body, "data: a\n\n");
  EXPECT_EQ(up.requests()[0].body, "body");
}
}  // namespace understudy
