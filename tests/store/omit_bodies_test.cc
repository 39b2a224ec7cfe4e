#include "store/omit_bodies.h"

#include <gtest/gtest.h>

#include "store/samples.h"

namespace understudy {
namespace {

Exchange Sized(size_t request, size_t response) {
  Exchange exchange;
  exchange.request = std::string(request, 'q');
  exchange.response = std::string(response, 'r');
  exchange.answers.resize(1);
  exchange.answers[0].body = exchange.response;
  return exchange;
}

TEST(OmitBodies, LeavesWhatFits) {
  Exchange exchange = Sized(10, 10);
  OmitLargeBodies(exchange, 10);
  ExpectEqual(exchange, Sized(10, 10));
}

TEST(OmitBodies, LeavesOutALargeRequestAndSaysSo) {
  Exchange exchange = Sized(11, 10);
  OmitLargeBodies(exchange, 10);
  EXPECT_EQ(exchange.request, "");
  EXPECT_EQ(exchange.response.size(), 10U);
  EXPECT_EQ(exchange.extra, R"({"omitted":{"request_bytes":11}})");
}

TEST(OmitBodies, LeavesOutLargeAnswers) {
  Exchange exchange = Sized(11, 12);
  OmitLargeBodies(exchange, 10);
  EXPECT_EQ(exchange.response + exchange.answers[0].body, "");
  EXPECT_EQ(exchange.extra, R"({"omitted":{"request_bytes":11,"response_bytes":12}})");
}

TEST(OmitBodies, KeepsTheOtherUnknownMembers) {
  Exchange exchange = Sized(1, 12);
  exchange.extra = "{ \"truth\": {\"a\": 1}}";
  OmitLargeBodies(exchange, 10);
  EXPECT_EQ(exchange.extra, "{\"omitted\":{\"response_bytes\":12}, \"truth\": {\"a\": 1}}");
  exchange = Sized(1, 12);
  exchange.extra = "{ }";
  OmitLargeBodies(exchange, 10);
  EXPECT_EQ(exchange.extra, "{\"omitted\":{\"response_bytes\":12} }");
}

}  // namespace
}  // namespace understudy
