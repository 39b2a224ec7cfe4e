#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "net/client.h"
#include "support/run_task.h"
#include "support/test_certificate.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

Result<std::string> Get(const std::string& url, const ClientOptions& options, int times = 1) {
  boost::asio::io_context context(1);
  HttpClient client(context, ParseUrl(url).value(), options);
  Cancellation cancellation;
  const Headers headers;
  std::string all;
  for (int i = 0; i < times; ++i) {
    TRY(auto reply, RunTask(context, client.Send("POST", "/", headers, "body", cancellation)));
    TRY(const std::string body, RunTask(context, reply->ReadAll(size_t{1} << 30)));
    all += body;
  }
  return all;
}

TestServer::Script Answer(std::string bytes) {
  return [bytes = std::move(bytes)](const TestMessage&, TestSocket& client) { client.Send(bytes); };
}

ClientOptions Trusting(const TestCertificate& certificate) {
  ClientOptions options;
  options.ca_file = certificate.ca();
  return options;
}

TEST(Tls, SpeaksToATrustedServerAndKeepsTheConnection) {
  const TestCertificate own;
  TestServer server(Answer(TestAnswer(200, "x")), {own.certificate(), own.key()});
  EXPECT_EQ(Get(server.url(), Trusting(own), 3).value(), "xxx");
  EXPECT_EQ(server.connections_accepted(), 1U);
  EXPECT_EQ(server.requests().at(0).body, "body");
}

TEST(Tls, CarriesBigBodies) {
  const TestCertificate own;
  const std::string big(size_t{4} << 20, 't');
  TestServer server(Answer(TestAnswer(200, big)), {own.certificate(), own.key()});
  EXPECT_TRUE(Get(server.url(), Trusting(own)).value() == big);
}

TEST(Tls, RefusesAnUnknownAuthority) {
  const TestCertificate own;
  const TestCertificate other;
  TestServer server(Answer(TestAnswer(200, "x")), {own.certificate(), own.key()});
  const auto body = Get(server.url(), Trusting(other));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(body.error().retryable);
  EXPECT_THAT(body.error().ToString(), HasSubstr("not trusted"));
  EXPECT_THAT(body.error().ToString(), HasSubstr("ca_file"));
  EXPECT_EQ(server.request_count(), 0U);
}

TEST(Tls, RefusesACertificateOfAnotherHost) {
  const TestCertificate own("example.org");
  TestServer server(Answer(TestAnswer(200, "x")), {own.certificate(), own.key()});
  const auto body = Get(server.url(), Trusting(own));
  ASSERT_FALSE(body);
  EXPECT_THAT(body.error().ToString(), HasSubstr("certificate"));
  EXPECT_EQ(server.request_count(), 0U);
}

TEST(Tls, VerifiesNothingWhenToldSo) {
  const TestCertificate own("example.org");
  TestServer server(Answer(TestAnswer(200, "x")), {own.certificate(), own.key()});
  ClientOptions options;
  options.verify_tls = false;
  EXPECT_EQ(Get(server.url(), options).value(), "x");
}

TEST(Tls, SaysWhenTheServerSpeaksNoTls) {
  TestServer server([](const TestMessage&, TestSocket&) {});
  ClientOptions options;
  options.connect_timeout = milliseconds(300);
  const auto body = Get("https://127.0.0.1:" + std::to_string(server.port()), options);
  ASSERT_FALSE(body);
  EXPECT_THAT(body.error().ToString(), HasSubstr("TLS"));
}

TEST(Tls, NoticesABodyCutShort) {
  const TestCertificate own;
  TestServer server(
      [](const TestMessage&, TestSocket& client) {
        client.Send("HTTP/1.1 200 OK\r\n\r\nuntil the end, but");
        client.Reset();  // no close_notify: somebody in between may have cut it
      },
      {own.certificate(), own.key()});
  const auto body = Get(server.url(), Trusting(own));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::kProtocol);
}

TEST(Tls, NamesAnUnreadableCaFile) {
  ClientOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  const auto body = Get("https://127.0.0.1:1", options);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(body.error().ToString(), HasSubstr("/nonexistent/ca.pem"));
}

TEST(Tls, BoundsTheHandshake) {
  boost::asio::io_context context(1);
  boost::asio::ip::tcp::acceptor deaf(context, {boost::asio::ip::address_v4::loopback(), 0});
  ClientOptions options;
  options.connect_timeout = milliseconds(50);
  const auto body =
      Get("https://127.0.0.1:" + std::to_string(deaf.local_endpoint().port()), options);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::kTimeout);
}

}  // namespace
}  // namespace understudy
