#include "net/reply_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::HasSubstr;

struct Parsed {
  ReplyParser parser;
  std::string body;
  size_t used = 0;
  explicit Parsed(std::string_view bytes, size_t step = SIZE_MAX, bool to_head = false,
                  bool end = false)
      : parser(4096, to_head) {
    size_t have = 0;
    while (have < bytes.size()) {
      have = step > bytes.size() - have ? bytes.size() : have + step;
      while (!parser.done() && !parser.failed()) {
        const size_t now = parser.Put(bytes.substr(used, have - used));
        body += parser.piece();
        used += now;
        if (now == 0) break;
      }
    }
    if (end) parser.PutEnd();
  }
};

TEST(ReplyParser, ReadsALengthInPiecesOfAnySize) {
  const std::string_view bytes =
      "HTTP/1.1 201 Made\r\nContent-Length: 5\r\nConnection: x-hop\r\nX-Hop: 1\r\nX: "
      "y\r\n\r\nhello";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    Parsed parsed(bytes, step);
    ASSERT_TRUE(parsed.parser.done()) << step << parsed.parser.problem();
    EXPECT_EQ(parsed.parser.status(), 201);
    EXPECT_EQ(parsed.parser.headers().Get("x"), "y");
    EXPECT_FALSE(parsed.parser.headers().Has("x-hop"));
    EXPECT_EQ(parsed.parser.content_length(), 5U);
    EXPECT_EQ(parsed.body, "hello");
    EXPECT_TRUE(parsed.parser.keep_alive());
  }
}

TEST(ReplyParser, DecodesChunksInPiecesOfAnySize) {
  const std::string_view bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: "
      "1\r\n\r\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    Parsed parsed(bytes, step);
    ASSERT_TRUE(parsed.parser.done()) << step << parsed.parser.problem();
    EXPECT_EQ(parsed.body, "hello!");
    EXPECT_FALSE(parsed.parser.headers().Has("T"));
    EXPECT_EQ(parsed.used, bytes.size());
  }
}

TEST(ReplyParser, ReadsUntilTheConnectionEnds) {
  Parsed parsed("HTTP/1.1 200 OK\r\n\r\nsome text", 3, false, true);
  EXPECT_TRUE(parsed.parser.done());
  EXPECT_FALSE(parsed.parser.failed());
  EXPECT_EQ(parsed.body, "some text");
  EXPECT_FALSE(parsed.parser.keep_alive());
}

TEST(ReplyParser, SkipsInterimAnswers) {
  for (const size_t step : {SIZE_MAX, size_t{1}}) {
    Parsed parsed(
        "HTTP/1.1 100 Continue\r\nX-Not: 1\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        step);
    ASSERT_TRUE(parsed.parser.done()) << parsed.parser.problem();
    EXPECT_EQ(parsed.parser.status(), 200);
    EXPECT_EQ(parsed.parser.headers().size(), 1U);
    EXPECT_EQ(parsed.body, "ok");
  }
}

TEST(ReplyParser, KnowsAnswersWithoutABody) {
  EXPECT_TRUE(Parsed("HTTP/1.1 204 No\r\n\r\n").parser.done());
  EXPECT_TRUE(Parsed("HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n").parser.done());
  EXPECT_TRUE(Parsed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", SIZE_MAX, true).parser.done());
}

struct BadReply {
  std::string bytes;
  std::string says;
};

class RefusedReply : public testing::TestWithParam<BadReply> {};

TEST_P(RefusedReply, FailsWhateverThePieces) {
  for (const size_t step : {SIZE_MAX, size_t{1}, size_t{5}}) {
    Parsed parsed(GetParam().bytes, step, false, true);
    ASSERT_TRUE(parsed.parser.failed()) << GetParam().bytes;
    EXPECT_THAT(parsed.parser.problem(), HasSubstr(GetParam().says));
  }
}

std::string Interims(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += "HTTP/1.1 100 Continue\r\n\r\n";
  return all;
}

std::string ManyFields() {
  std::string all = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 300; ++i) all += "A: b\r\n";
  return all + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedReply,
    testing::Values(
        BadReply{"", "without an answer"}, BadReply{"HTTP/1.1 200", "without an answer"},
        BadReply{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "breaks HTTP"},
        BadReply{"HTTP/2 200 OK\r\n\r\n", "breaks HTTP"},
        BadReply{"HTTP/1.1 2x0 OK\r\n\r\n", "breaks HTTP"},
        BadReply{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "in the middle"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                 "in the middle"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "in the middle"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n--\r\n",
                 "breaks HTTP"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n",
                 "breaks HTTP"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\r\nb\r\n",
                 "breaks HTTP"},
        BadReply{"HTTP/1.1 200 " + std::string(2100, 'x') + "\r\nX: " + std::string(2100, 'x') +
                     "\r\n\r\n",
                 "header limit"},
        BadReply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer coding"},
        BadReply{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                 "breaks HTTP"},
        BadReply{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                 "breaks HTTP"},
        BadReply{"HTTP/1.1 101 Switching Protocols\r\n\r\n", "switched protocols"},
        BadReply{"HTTP/1.1 200 OK\r\nX: " + std::string(5000, 'x'), "header limit"},
        BadReply{ManyFields(), "256"}, BadReply{Interims(50), "interim"}));

}  // namespace
}  // namespace understudy
