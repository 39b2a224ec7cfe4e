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

TEST(Headers, KeepTheirOrderThroughRemovalsCopiesAndMoves) {
  Headers headers;
  for (int i = 0; i < 40; ++i) headers.Add("x-" + std::to_string(i), std::string(i * 10, 'v'));
  headers.Remove("X-1");
  headers.Add("last", "");
  Headers copy = headers;
  headers.Clear();
  EXPECT_EQ(headers.size(), 0U);
  headers.Add("again", "yes");
  EXPECT_EQ(headers.Get("again"), "yes");
  const Headers moved = std::move(copy);
  std::vector<std::string> names;
  for (const auto& [name, value] : moved) names.emplace_back(name);
  ASSERT_EQ(names.size(), 40U);
  EXPECT_EQ(names[0], "x-0");
  EXPECT_EQ(names[1], "x-2");
  EXPECT_EQ(names[39], "last");
  EXPECT_EQ(moved.Get("x-39"), std::string(390, 'v'));
  EXPECT_TRUE(moved.Has("Last"));
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
