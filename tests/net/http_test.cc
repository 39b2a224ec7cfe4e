#include "net/http.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(Headers, FindsNamesWithoutCase) {
  Headers headers;
  headers.Add("Content-Type", "text/plain");
  headers.Add("X-A", "1");
  headers.Add("x-a", "2");
  EXPECT_EQ(headers.Get("content-type"), "text/plain");
  EXPECT_EQ(headers.Get("X-a"), "1");
  EXPECT_TRUE(headers.Has("CONTENT-TYPE"));
  EXPECT_FALSE(headers.Has("Content-Typ"));
  EXPECT_EQ(headers.Get("absent"), "");
}

TEST(Headers, SetReplacesEveryFieldOfTheName) {
  Headers headers;
  headers.Add("X-A", "1");
  headers.Add("B", "b");
  headers.Add("x-a", "2");
  headers.Set("X-A", headers.Get("x-a"));  // the value points into what is replaced
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.Get("x-a"), "1");
  headers.Remove("b");
  EXPECT_EQ(headers.size(), 1U);
}

TEST(HttpRequest, SplitsItsTarget) {
  HttpRequest request;
  request.target = "/v1/models?limit=2&a=?";
  EXPECT_EQ(request.path(), "/v1/models");
  EXPECT_EQ(request.query(), "limit=2&a=?");
  request.target = "/plain";
  EXPECT_EQ(request.path(), "/plain");
  EXPECT_EQ(request.query(), "");
}

TEST(EqualsIgnoreCase, IsAboutAsciiLettersOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("aBc-1", "AbC-1"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));  // differ by the case bit
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
}

}  // namespace
}  // namespace understudy
