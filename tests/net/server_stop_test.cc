#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>

#include "support/server_threads.h"
#include "support/test_server.h"
#include "support/test_socket.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

Task<void> Sleep(milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(kUseTask);
}

TEST(HttpServerStop, ClosesIdleConnectionsAndRefusesNewOnes) {
  ServerThreads threads([](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    (void)co_await writer.Send(HttpResponse());
  });
  TestSocket idle = TestSocket::Connect(threads.port());
  idle.Send(kGet);
  EXPECT_EQ(idle.ReceiveMessage().status(), 200);
  threads.Stop(seconds(15));
  EXPECT_TRUE(idle.WaitForEnd());
  EXPECT_FALSE(TestSocket::Connect(threads.port()).open());
  EXPECT_EQ(threads.server.connections(), 0U);
}

TEST(HttpServerStop, LetsRunningRequestsFinishAndSaysClose) {
  std::atomic<bool> begun = false;
  std::atomic<bool> go = false;
  ServerThreads threads([&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    begun = true;
    while (!go) co_await Sleep(milliseconds(1));
    HttpResponse response;
    response.body = "done";
    (void)co_await writer.Send(std::move(response));
  });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return begun.load(); }));
  std::promise<void> stopped;
  threads.server.Stop(seconds(15), [&] { stopped.set_value(); });
  EXPECT_TRUE(WaitFor([&] { return !TestSocket::Connect(threads.port()).open(); }));
  go = true;
  const TestMessage answer = client.ReceiveMessage();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.Header("Connection"), "close");
  stopped.get_future().wait();
  EXPECT_TRUE(client.WaitForEnd());
}

TEST(HttpServerStop, CancelsAfterTheGraceAndStillLetsTheHandlerAnswer) {
  std::atomic<CancelReason> reason = CancelReason::kNone;
  std::atomic<bool> begun = false;
  ServerThreads threads([&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    begun = true;
    while (!writer.cancellation().cancelled()) co_await Sleep(milliseconds(1));
    reason = writer.cancellation().reason();
    HttpResponse response;
    response.status = 503;
    (void)co_await writer.Send(std::move(response));
  });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return begun.load(); }));
  threads.Stop(milliseconds(20));
  EXPECT_EQ(reason, CancelReason::kShutdown);
  EXPECT_EQ(client.ReceiveMessage().status(), 503);
}

TEST(HttpServerStop, DropsHalfRequestsAfterTheGrace) {
  ServerThreads threads([](HttpRequest&, ResponseWriter&) -> Task<void> { co_return; });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send("GET / HT");
  ASSERT_TRUE(WaitFor([&] { return threads.server.connections() == 1; }));
  std::this_thread::sleep_for(milliseconds(20));
  threads.Stop(milliseconds(20));
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_EQ(threads.server.connections(), 0U);
}

TEST(HttpServerStop, IsBoundedEvenIfAHandlerNeverEnds) {
  std::atomic<bool> begun = false;
  std::atomic<bool> go = false;
  ServerThreads threads([&](HttpRequest&, ResponseWriter&) -> Task<void> {
    begun = true;
    while (!go) co_await Sleep(milliseconds(5));
  });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return begun.load(); }));
  threads.Stop(milliseconds(0));
  EXPECT_EQ(threads.server.connections(), 1U);  // still in its handler, but nobody waits
  go = true;
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
}

TEST(HttpServerStop, MayEndWithoutStopping) {
  std::atomic<bool> begun = false;
  TestSocket client;
  {
    Runtime runtime(2);
    HttpServer server(runtime.contexts(), {}, [&](HttpRequest&, ResponseWriter&) -> Task<void> {
      begun = true;
      co_await Sleep(seconds(100));
    });
    ASSERT_TRUE(server.Listen("127.0.0.1:0"));
    runtime.Start();
    client = TestSocket::Connect(server.port());
    client.Send(kGet);
    TestSocket idle = TestSocket::Connect(server.port());
    ASSERT_TRUE(WaitFor([&] { return begun.load() && server.connections() == 2; }));
    runtime.Stop();
    runtime.Join();
  }
  EXPECT_TRUE(client.WaitForEnd());  // and the leak checker finds nothing
}

}  // namespace
}  // namespace understudy
