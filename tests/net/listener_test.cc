#include "net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/client.h"
#include "support/run_task.h"
#include "support/server_threads.h"
#include "support/temp_folder.h"
#include "support/test_socket.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(OpenListener, FindsAFreePort) {
  boost::asio::io_context context(1);
  const auto listener = OpenListener(context, "127.0.0.1:0");
  ASSERT_TRUE(listener) << listener.error().ToString();
  EXPECT_GT(listener->port, 0);
  EXPECT_EQ(listener->url, "http://127.0.0.1:" + std::to_string(listener->port));
  EXPECT_TRUE(TestSocket::Connect(listener->port).open());
}

TEST(OpenListener, ListensOnAllInterfaces) {
  boost::asio::io_context context(1);
  const auto listener = OpenListener(context, ":0");
  ASSERT_TRUE(listener) << listener.error().ToString();
  EXPECT_EQ(listener->url, "http://127.0.0.1:" + std::to_string(listener->port));
  EXPECT_TRUE(TestSocket::Connect(listener->port).open());
}

TEST(OpenListener, KnowsLocalhost) {
  boost::asio::io_context context(1);
  const auto listener = OpenListener(context, "localhost:0");
  ASSERT_TRUE(listener) << listener.error().ToString();
  EXPECT_TRUE(TestSocket::Connect(listener->port).open());
}

TEST(OpenListener, SaysWhoHoldsThePort) {
  boost::asio::io_context context(1);
  const auto first = OpenListener(context, "127.0.0.1:0");
  const auto second = OpenListener(context, "127.0.0.1:" + std::to_string(first->port));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kIo);
  EXPECT_THAT(second.error().ToString(), HasSubstr(std::to_string(first->port)));
  EXPECT_THAT(second.error().ToString(), HasSubstr("in use"));
  EXPECT_THAT(second.error().ToString(), HasSubstr("process " + std::to_string(getpid())));
}

struct BadAddress {
  std::string address;
  std::string says;
};

class OpenBadListener : public testing::TestWithParam<BadAddress> {};

TEST_P(OpenBadListener, SaysWhatIsWrong) {
  boost::asio::io_context context(1);
  const auto listener = OpenListener(context, GetParam().address);
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().ToString(), HasSubstr(GetParam().says));
  EXPECT_THAT(listener.error().ToString(), HasSubstr(GetParam().address));
}

INSTANTIATE_TEST_SUITE_P(
    All, OpenBadListener,
    testing::Values(BadAddress{"8700", "names no port"}, BadAddress{"127.0.0.1:", "port"},
                    BadAddress{"127.0.0.1:70000", "port"}, BadAddress{"127.0.0.1:80x", "port"},
                    BadAddress{"::1:80", "brackets"}, BadAddress{"[::1:80", "brackets"},
                    BadAddress{"no-such-host.invalid:80", "not known"},
                    BadAddress{"192.0.2.1:0", "no interface"}, BadAddress{"unix:", "no path"},
                    BadAddress{"unix:/" + std::string(120, 'x'), "107"},
                    BadAddress{"unix:/nonexistent/x.sock", "No such file"}));

Task<void> Ok(HttpRequest& request, ResponseWriter& writer) {
  HttpResponse response;
  response.body = request.peer;
  (void)co_await writer.Send(std::move(response));
}

TEST(UnixSocket, ServesAndIsRemovedAtTheEnd) {
  const TempFolder folder;
  const std::string path = folder / "x.sock";
  {
    Runtime runtime(1);
    HttpServer server(runtime.contexts(), {}, Ok);
    const Status listening = server.Listen("unix:" + path);
    ASSERT_TRUE(listening) << listening.error().ToString();
    EXPECT_EQ(server.url(), "unix:" + path);
    runtime.Start();
    boost::asio::io_context context(1);
    HttpClient client(context, ParseUrl(server.url()).value(), {});
    Cancellation cancellation;
    const Headers headers;
    auto reply = RunTask(context, client.Send("GET", "/", headers, "", cancellation));
    ASSERT_TRUE(reply) << reply.error().ToString();
    EXPECT_EQ(RunTask(context, (*reply)->ReadAll(100)).value(), "unix");

    boost::asio::io_context other(1);
    const auto second = OpenListener(other, "unix:" + path);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().ToString(), HasSubstr("another process"));
    runtime.Stop();
    runtime.Join();
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(UnixSocket, ReplacesAStaleFile) {
  const TempFolder folder;
  const std::string path = folder / "x.sock";
  boost::asio::io_context context(1);
  {
    ASSERT_TRUE(OpenListener(context, "unix:" + path));
  }  // gone without tidying up
  ASSERT_TRUE(fs::exists(path));
  const auto again = OpenListener(context, "unix:" + path);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_TRUE(TestSocket::ConnectUnix(path).open());
}

TEST(UnixSocket, NeverReplacesAnotherKindOfFile) {
  const TempFolder folder;
  const fs::path path = folder / "data";
  std::ofstream(path) << "precious";
  boost::asio::io_context context(1);
  const auto listener = OpenListener(context, "unix:" + path.string());
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().ToString(), HasSubstr("not a socket"));
  EXPECT_EQ(fs::file_size(path), 8U);
}

}  // namespace
}  // namespace understudy
