#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/client.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseUrl, ReadsHttps) {
  const Url url = ParseUrl("https://api.example.com/v1/").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "api.example.com");
  EXPECT_EQ(url.port, "443");
  EXPECT_EQ(url.path, "/v1");
  EXPECT_EQ(url.socket, "");
  EXPECT_EQ(url.ToString(), "https://api.example.com/v1");
}

TEST(ParseUrl, ReadsPortsAndIpv6) {
  const Url url = ParseUrl("HTTP://[::1]:8080").value();
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "8080");
  EXPECT_EQ(url.path, "");
  EXPECT_EQ(url.ToString(), "http://[::1]:8080");
}

TEST(ParseUrl, ReadsUnixSockets) {
  Url url = ParseUrl("unix:/run/x.sock").value();
  EXPECT_EQ(url.socket, "/run/x.sock");
  EXPECT_EQ(url.host, "localhost");
  EXPECT_EQ(url.path, "");
  url = ParseUrl("unix:/run/x.sock:/v1/").value();
  EXPECT_EQ(url.socket, "/run/x.sock");
  EXPECT_EQ(url.path, "/v1");
  EXPECT_EQ(url.ToString(), "unix:/run/x.sock:/v1");
}

struct BadUrl {
  std::string text;
  std::string says;
};

class ParseBadUrl : public testing::TestWithParam<BadUrl> {};

TEST_P(ParseBadUrl, SaysWhatIsWrong) {
  const auto url = ParseUrl(GetParam().text);
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(url.error().ToString(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseBadUrl,
    testing::Values(BadUrl{"", "empty"}, BadUrl{"api.example.com", "must begin with"},
                    BadUrl{"ftp://x", "must begin with"}, BadUrl{"http:/x", "must begin with"},
                    BadUrl{"http://", "names no host"}, BadUrl{"http://:80", "names no host"},
                    BadUrl{"http://x:", "port"}, BadUrl{"http://x:0", "port"},
                    BadUrl{"http://x:65536", "port"}, BadUrl{"http://x:8o", "port"},
                    BadUrl{"http://x:123456789012345678901", "port"},
                    BadUrl{"http://[::1", "closing bracket"},
                    BadUrl{"http://[::1]x", "behind the closing bracket"},
                    BadUrl{"http://[zz]/", "characters"}, BadUrl{"http://a b/", "blank"},
                    BadUrl{"http://a\r\nb/", "control"}, BadUrl{"http://a/?q=1", "query"},
                    BadUrl{"http://a#x", "fragment"}, BadUrl{"http://a%62/", "characters"},
                    BadUrl{"unix:", "slash"}, BadUrl{"unix:relative.sock", "slash"},
                    BadUrl{"unix:/" + std::string(120, 'x'), "107"}));

TEST(ParseUrl, NeverEchoesAPassword) {
  const auto url = ParseUrl("https://user:hunter2@host/v1");
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().ToString(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(url.error().ToString(), HasSubstr("api_key"));
}

}  // namespace
}  // namespace understudy
