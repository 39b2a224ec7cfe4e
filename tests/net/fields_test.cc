#include "net/fields.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(IsHopByHop, KnowsThemInAnyCase) {
  for (const char* name :
       {"Connection", "keep-alive", "TE", "Trailer", "TRANSFER-ENCODING", "Upgrade",
        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization"}) {
    EXPECT_TRUE(IsHopByHop(name)) << name;
  }
  for (const char* name : {"Host", "Content-Length", "Authorization", "Trailers", ""}) {
    EXPECT_FALSE(IsHopByHop(name)) << name;
  }
}

TEST(RemoveListed, RemovesWhatConnectionNames) {
  Headers headers;
  headers.Add("X-Hop", "1");
  headers.Add("X-Other", "2");
  headers.Add("Stays", "3");
  RemoveListed(headers, "close, x-hop ,\tX-OTHER,, ");
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_TRUE(headers.Has("stays"));
}

TEST(RemoveListed, CannotRemoveTheMessagesMeaning) {
  Headers headers;
  headers.Add("Authorization", "Bearer x");
  headers.Add("Host", "a");
  RemoveListed(headers, "authorization, host");
  EXPECT_EQ(headers.size(), 2U);
}

TEST(IsField, RefusesWhatCouldSplitAMessage) {
  EXPECT_TRUE(IsFieldName("X-Request-Id_1"));
  EXPECT_FALSE(IsFieldName(""));
  EXPECT_FALSE(IsFieldName("a b"));
  EXPECT_FALSE(IsFieldName("a:"));
  EXPECT_FALSE(IsFieldName("a\r"));
  EXPECT_TRUE(IsFieldValue("text\twith \xc3\xa4"));
  EXPECT_FALSE(IsFieldValue("a\r\nb"));
  EXPECT_FALSE(IsFieldValue(std::string_view("a\0b", 3)));
}

TEST(OriginForm, DropsSchemeAndAuthority) {
  EXPECT_EQ(OriginForm("http://host:80/a?b"), "/a?b");
  EXPECT_EQ(OriginForm("http://host"), "/");
  EXPECT_EQ(OriginForm("/a?u=http://x/y"), "/a?u=http://x/y");
  EXPECT_EQ(OriginForm("*"), "*");
  EXPECT_EQ(OriginForm("host:443"), "host:443");
}

}  // namespace
}  // namespace understudy
