// A client that goes away while its request is being answered, in every phase of it.
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

// What the handlers saw; read by the test once `ended`.
struct Seen {
  std::atomic<bool> begun = false;
  std::atomic<bool> ended = false;
  std::atomic<CancelReason> reason = CancelReason::kNone;
};

// Sleeps until it is cancelled (or far too long).
Task<void> SleepUntilCancelled(ResponseWriter& writer) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, seconds(15));
  const Cancellation::Scope scope(writer.cancellation(), [&timer] { timer.cancel(); });
  try {
    co_await timer.async_wait(kUseTask);
  } catch (const boost::system::system_error&) {  // cancelled
  }
}

HttpServer::Handler Sleeper(Seen& seen, bool stream) {
  return [&seen, stream](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    if (stream) (void)co_await writer.Begin(200, Headers());
    if (stream) (void)co_await writer.Write("first");
    seen.begun = true;
    co_await SleepUntilCancelled(writer);
    seen.reason = writer.cancellation().reason();
    const Status late = co_await writer.Send(HttpResponse());
    seen.ended = !late.has_value();
  };
}

enum class Leaving { kClose, kReset, kShutdownSend };

class ClientGone : public testing::TestWithParam<std::pair<Leaving, bool>> {};

TEST_P(ClientGone, IsSeenAtOnce) {
  const auto [leaving, stream] = GetParam();
  Seen seen;
  ServerThreads threads(Sleeper(seen, stream));
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return seen.begun.load(); }));
  EXPECT_EQ(threads.server.requests_running(), 1U);
  if (stream) client.ReceiveUntil("first");
  if (leaving == Leaving::kClose) client.Close();
  if (leaving == Leaving::kReset) client.Reset();
  if (leaving == Leaving::kShutdownSend) client.ShutdownSend();
  ASSERT_TRUE(WaitFor([&] { return seen.ended.load(); }));
  EXPECT_EQ(seen.reason, CancelReason::kClientGone);
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
  EXPECT_EQ(threads.server.requests_running(), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, ClientGone,
                         testing::Values(std::pair{Leaving::kClose, false},
                                         std::pair{Leaving::kClose, true},
                                         std::pair{Leaving::kReset, false},
                                         std::pair{Leaving::kReset, true},
                                         std::pair{Leaving::kShutdownSend, false}));

TEST(ClientGone, AClientThatPipelinesIsNotGone) {
  Seen seen;
  std::atomic<int> calls = 0;
  ServerThreads threads([&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    ++calls;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds(50));
    co_await timer.async_wait(kUseTask);
    seen.reason = writer.cancellation().reason();
    (void)co_await writer.Send(HttpResponse());
  });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return calls == 1; }));
  client.Send(kGet);
  EXPECT_EQ(client.ReceiveMessage().status(), 200);
  EXPECT_EQ(client.ReceiveMessage().status(), 200);
  EXPECT_EQ(seen.reason, CancelReason::kNone);
}

TEST(ClientGone, AFailingWriteIsGoneToo) {
  Seen seen;
  ServerThreads threads([&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
    const std::string piece(size_t{64} << 10, 'x');
    (void)co_await writer.Begin(200, Headers());
    Status written;
    while (written) written = co_await writer.Write(piece);
    seen.reason = writer.cancellation().reason();
    seen.ended = written.error().kind == ErrorKind::kCancelled;
  });
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(std::string(kGet) + std::string(kGet));  // pipelined: nobody watches the socket
  client.Receive();
  client.Reset();
  ASSERT_TRUE(WaitFor([&] { return seen.ended.load(); }));
  EXPECT_EQ(seen.reason, CancelReason::kClientGone);
}

TEST(ClientGone, AClientThatReadsNothingIsGoneAfterAWhile) {
  Seen seen;
  std::atomic<uint64_t> sent = 0;
  ServerLimits limits;
  limits.write_timeout = seconds(1);
  ServerThreads threads(
      [&](HttpRequest&, ResponseWriter& writer) -> Task<void> {
        const std::string piece(size_t{256} << 10, 'x');
        (void)co_await writer.Begin(200, Headers());
        Status written;
        while (written && sent < (1U << 30)) {
          written = co_await writer.Write(piece);
          sent = writer.bytes_sent();
        }
        seen.reason = writer.cancellation().reason();
        seen.ended = true;
      },
      limits);
  TestSocket client = TestSocket::Connect(threads.port());
  client.Send(kGet);
  ASSERT_TRUE(WaitFor([&] { return seen.ended.load(); }));
  EXPECT_EQ(seen.reason, CancelReason::kClientGone);
  EXPECT_LT(sent, 64U << 20);  // what the kernel buffers, not what was offered
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
}

TEST(ClientGone, LeavesNothingOfManyConnectionsBehind) {
  ServerThreads threads(
      [](HttpRequest& request, ResponseWriter& writer) -> Task<void> {
        if (request.target == "/sleep") co_return co_await SleepUntilCancelled(writer);
        (void)co_await writer.Begin(200, Headers());
        for (int i = 0; i < 20; ++i) (void)co_await writer.Write(request.body);
        (void)co_await writer.End();
      },
      {}, 2);
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n";
  std::vector<TestSocket> clients;
  for (int i = 0; i < 300; ++i) {
    TestSocket client = TestSocket::Connect(threads.port());
    const size_t part = static_cast<size_t>(i * 37 % 400);
    if (i % 5 == 0) client.Send("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n");
    if (i % 5 == 1) client.Send(post.substr(0, part % post.size()));
    if (i % 5 == 2) client.Send(post + std::string(part * 5, 'x'));
    if (i % 5 == 3) client.Send(post + std::string(3000 + part, 'x'));
    if (i % 3 == 0) client.Reset();
    if (i % 3 == 1) client.Close();
    if (i % 3 == 2) clients.push_back(std::move(client));
  }
  for (TestSocket& client : clients) client.Reset();
  EXPECT_TRUE(WaitFor([&] { return threads.server.connections() == 0; }));
  EXPECT_EQ(threads.server.requests_running(), 0U);
}

}  // namespace
}  // namespace understudy
