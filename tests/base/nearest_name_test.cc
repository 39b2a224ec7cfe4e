#include <gtest/gtest.h>

#include "base/config.h"

namespace understudy {
namespace {

const std::vector<std::string> kKnown{"listen", "threads", "max_body_bytes", "max_header_bytes"};

TEST(NearestName, FindsTypicalSlips) {
  EXPECT_EQ(NearestName("lisen", kKnown), "listen");     // left out
  EXPECT_EQ(NearestName("listenn", kKnown), "listen");   // twice
  EXPECT_EQ(NearestName("litsen", kKnown), "listen");    // swapped
  EXPECT_EQ(NearestName("Threads", kKnown), "threads");  // case
  EXPECT_EQ(NearestName("max_body_byts", kKnown), "max_body_bytes");
  EXPECT_EQ(NearestName("max-header-bytes", kKnown), "max_header_bytes");
}

TEST(NearestName, CountsASwapAsOneEdit) {
  EXPECT_EQ(NearestName("ab", {"ba"}), "ba");
  EXPECT_EQ(NearestName("acb", {"abc"}), "abc");
}

TEST(NearestName, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(NearestName("privacy", kKnown), "");
  EXPECT_EQ(NearestName("x", kKnown), "");
  EXPECT_EQ(NearestName("x", {"y"}), "");  // all of it would be wrong
  EXPECT_EQ(NearestName("", kKnown), "");
  EXPECT_EQ(NearestName("listen", {}), "");
}

TEST(NearestName, PrefersTheNearerOne) {
  EXPECT_EQ(NearestName("model-b", {"model-aa", "model-bb"}), "model-bb");
}

TEST(NearestName, IsBoundedOnLongNames) {
  const std::string longest(100'000, 'a');
  EXPECT_EQ(NearestName(longest, {longest}), "");
  EXPECT_EQ(NearestName("listen", {longest, "listem"}), "listem");
}

}  // namespace
}  // namespace understudy
