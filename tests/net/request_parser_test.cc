#include "net/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMaxHeader = 4096;
constexpr size_t kMaxBody = 1000;

// Feeds `bytes` in pieces of `step`, as a wire would.
size_t Feed(RequestParser& parser, std::string_view bytes, size_t step = SIZE_MAX) {
  size_t used = 0;
  size_t have = 0;
  while (have < bytes.size() && !parser.done() && !parser.refused()) {
    have = step > bytes.size() - have ? bytes.size() : have + step;
    used += parser.Put(bytes.substr(used, have - used));
  }
  return used;
}

struct Parsed {
  HttpRequest request;
  RequestParser parser{kMaxHeader, kMaxBody};
  size_t used = 0;
  explicit Parsed(std::string_view bytes, size_t step = SIZE_MAX) {
    parser.Start(request);
    used = Feed(parser, bytes, step);
  }
};

TEST(RequestParser, ReadsARequestInPiecesOfAnySize) {
  const std::string_view bytes =
      "POST /v1/x?y=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-A: b \r\n\r\nhello";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    Parsed parsed(bytes, step);
    ASSERT_TRUE(parsed.parser.done()) << step;
    EXPECT_EQ(parsed.used, bytes.size());
    EXPECT_EQ(parsed.request.method, "POST");
    EXPECT_EQ(parsed.request.target, "/v1/x?y=1");
    EXPECT_EQ(parsed.request.headers.Get("x-a"), "b");
    EXPECT_EQ(parsed.request.body, "hello");
    EXPECT_TRUE(parsed.parser.keep_alive());
    EXPECT_TRUE(parsed.parser.http11());
  }
}

TEST(RequestParser, DecodesChunksInPiecesOfAnySize) {
  const std::string_view bytes =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    Parsed parsed(bytes, step);
    ASSERT_TRUE(parsed.parser.done()) << step << parsed.parser.rejection().message;
    EXPECT_EQ(parsed.request.body, "abc0123456789");
    EXPECT_FALSE(parsed.request.headers.Has("X-Trailer"));
    EXPECT_FALSE(parsed.request.headers.Has("Transfer-Encoding"));
  }
}

TEST(RequestParser, LeavesThePipelinedRequest) {
  const std::string_view first = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  Parsed parsed(std::string(first) + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(parsed.parser.done());
  EXPECT_EQ(parsed.used, first.size());
}

TEST(RequestParser, ForgetsTheRequestBefore) {
  HttpRequest request;
  RequestParser parser(kMaxHeader, kMaxBody);
  parser.Start(request);
  Feed(parser, "POST /a HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 2\r\n\r\nab");
  parser.Start(request);
  Feed(parser, "GET /b HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(request.target, "/b");
  EXPECT_EQ(request.headers.size(), 0U);
  EXPECT_EQ(request.body, "");
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_FALSE(parser.http11());
}

TEST(RequestParser, StripsHopByHopFields) {
  Parsed parsed(
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
      "TE: trailers\r\nUpgrade: h2c\r\nProxy-Authorization: secret\r\nX-Stays: 1\r\n\r\n");
  ASSERT_TRUE(parsed.parser.done());
  EXPECT_EQ(parsed.request.headers.size(), 2U);
  EXPECT_TRUE(parsed.request.headers.Has("Host"));
  EXPECT_TRUE(parsed.request.headers.Has("X-Stays"));
}

TEST(RequestParser, KeepsAnHttp10ConnectionOnlyIfAsked) {
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").parser.keep_alive());
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").parser.keep_alive());
  EXPECT_FALSE(
      Parsed("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n").parser.keep_alive());
}

struct BadRequest {
  std::string bytes;
  int status;
};

class RefusedRequest : public testing::TestWithParam<BadRequest> {};

TEST_P(RefusedRequest, WithTheRightStatusWhateverThePieces) {
  for (const size_t step : {SIZE_MAX, size_t{1}, size_t{7}}) {
    Parsed parsed(GetParam().bytes, step);
    EXPECT_FALSE(parsed.parser.done());
    ASSERT_TRUE(parsed.parser.refused()) << GetParam().bytes;
    EXPECT_EQ(parsed.parser.rejection().status, GetParam().status) << GetParam().bytes;
    EXPECT_FALSE(parsed.parser.rejection().message.empty());
  }
}

std::string With(std::string_view fields, std::string_view body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

INSTANTIATE_TEST_SUITE_P(
    Smuggling, RefusedRequest,
    testing::Values(
        BadRequest{With("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
        BadRequest{With("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        BadRequest{With("Content-Length: 5, 6\r\n"), 400},
        BadRequest{With("Content-Length: +5\r\n"), 400},
        BadRequest{With("Content-Length: -5\r\n"), 400},
        BadRequest{With("Content-Length: 0x5\r\n"), 400},
        BadRequest{With("Content-Length: \r\n"), 400},
        BadRequest{With("Content-Length: 99999999999999999999999\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked, chunked\r\n"), 501},
        BadRequest{With("Transfer-Encoding: gzip, chunked\r\n"), 501},
        BadRequest{With("Transfer-Encoding: identity\r\n"), 501},
        BadRequest{With("Transfer-Encoding: xchunked\r\n"), 501},
        BadRequest{With("Transfer-Encoding : chunked\r\n"), 400},
        BadRequest{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        BadRequest{With("Transfer-Encoding: chunked\r\n", "-3\r\nabc\r\n0\r\n\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\n", "3\r\nabcde0\r\n\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 3\r\n\r\n"), 400},
        BadRequest{With("Transfer-Encoding: chunked\r\n",
                        "4;a=\"\r\nabcd\r\n0\r\n\r\n" + std::string(3000, 'x')),
                   400},
        BadRequest{With("Host: other\r\n"), 400},
        BadRequest{"GET / HTTP/1.1\r\nX: y\r\n\r\n", 400}));

INSTANTIATE_TEST_SUITE_P(
    Malformed, RefusedRequest,
    testing::Values(BadRequest{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello\r\n\r\n",
                               400},
                    BadRequest{"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
                    BadRequest{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
                    BadRequest{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
                    BadRequest{"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
                    BadRequest{"GET / HTTP/1.1\r\nHost h\r\n\r\n", 400},
                    BadRequest{"GET / HTTP/1.1\r\nHost: a\x01z\r\n\r\n", 400},
                    BadRequest{"GET / HTTP/1.1\r\n: h\r\n\r\n", 400},
                    BadRequest{"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
                    BadRequest{With("Expect: a miracle\r\n"), 417}));

INSTANTIATE_TEST_SUITE_P(
    TooLarge, RefusedRequest,
    testing::Values(BadRequest{With("X: " + std::string(kMaxHeader, 'x') + "\r\n"), 431},
                    BadRequest{"GET /" + std::string(kMaxHeader, 'x'), 431},
                    BadRequest{"GET /" + std::string(kMaxHeader - 40, 'x') +
                                   " HTTP/1.1\r\nHost: h\r\nX: " + std::string(40, 'x') +
                                   "\r\n\r\n",
                               431},
                    BadRequest{With([] {
                                 std::string many;
                                 for (int i = 0; i < 300; ++i) many += "A: b\r\n";
                                 return many;
                               }()),
                               431},
                    BadRequest{With("Content-Length: 1001\r\n"), 413},
                    BadRequest{With("Content-Length: 18446744073709551615\r\n"), 413},
                    BadRequest{With("Transfer-Encoding: chunked\r\n", "3e9\r\n"), 413}));

TEST(RequestParser, AcceptsAHeaderOfExactlyTheLimit) {
  const std::string rest = " HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string bytes = "GET /" + std::string(kMaxHeader - 5 - rest.size(), 'x') + rest;
  for (const size_t step : {SIZE_MAX, size_t{1}, size_t{7}}) {
    EXPECT_TRUE(Parsed(bytes, step).parser.done()) << step;
  }
}

TEST(RequestParser, QuotedChunkExtensionsMayHoldAnything) {
  const std::string body = "3;a=\"\\\";x\"\r\nabc\r\n0;b=\"0\"\r\n\r\n";
  for (const size_t step : {SIZE_MAX, size_t{1}, size_t{7}}) {
    EXPECT_TRUE(Parsed(With("Transfer-Encoding: chunked\r\n", body), step).parser.done()) << step;
  }
}

TEST(RequestParser, AcceptsABodyOfExactlyTheLimit) {
  EXPECT_TRUE(Parsed(With("Content-Length: 1000\r\n", std::string(1000, 'x'))).parser.done());
}

TEST(RequestParser, CountsChunksTogether) {
  const std::string half = "1f5\r\n" + std::string(501, 'x') + "\r\n";
  Parsed parsed(With("Transfer-Encoding: chunked\r\n", half + half + "0\r\n\r\n"));
  EXPECT_EQ(parsed.parser.rejection().status, 413);
}

TEST(RequestParser, NoticesExpectations) {
  EXPECT_TRUE(
      Parsed(With("Expect: 100-Continue\r\nContent-Length: 1\r\n")).parser.expects_continue());
  EXPECT_FALSE(Parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                   .parser.expects_continue());
}

}  // namespace
}  // namespace understudy
