#include "chat/sse.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;  // event, data

void Drain(SseParser& parser, Events& events) {
  while (true) {
    auto next = parser.Next();
    ASSERT_TRUE(next) << next.error().message;
    if (!*next) return;
    events.emplace_back((*next)->event, (*next)->data);
  }
}

Events ParseWhole(std::string_view stream) {
  SseParser parser;
  Events events;
  parser.Feed(stream);
  Drain(parser, events);
  return events;
}

// Feeds the pieces between the cuts, taking events after each.
Events ParseCut(std::string_view stream, std::initializer_list<size_t> cuts) {
  SseParser parser;
  Events events;
  size_t from = 0;
  for (const size_t cut : cuts) {
    parser.Feed(stream.substr(from, cut - from));
    Drain(parser, events);
    from = cut;
  }
  parser.Feed(stream.substr(from));
  Drain(parser, events);
  return events;
}

TEST(SseParser, FieldsAsTheStandardSaysThem) {
  const std::pair<const char*, Events> cases[] = {
      {"data: a\n\n", {{"", "a"}}},
      {"data:a\n\n", {{"", "a"}}},
      {"data:  a\n\n", {{"", " a"}}},
      {"data: a\ndata: b\n\n", {{"", "a\nb"}}},
      {"data\ndata\n\n", {{"", "\n"}}},
      {"data\n\n", {{"", ""}}},
      {"data:\n\n", {{"", ""}}},
      {"event: x\ndata: a\n\ndata: b\n\n", {{"x", "a"}, {"", "b"}}},
      {"event: message\ndata: a\n\n", {{"", "a"}}},
      {"event: x\n\ndata: b\n\n", {{"", "b"}}},
      {": comment\n\n: another\ndata: a\n\n", {{"", "a"}}},
      {"id: 7\nretry: 10\nwhat: ever\nDATA: no\ndata: a\n\n", {{"", "a"}}},
      {" data: no\n\n", {}},
      {"data: a:b: c\n\n", {{"", "a:b: c"}}},
      {"\n\n\n", {}},
      {"", {}},
  };
  for (const auto& [stream, expected] : cases) EXPECT_EQ(ParseWhole(stream), expected) << stream;
}

TEST(SseParser, EveryLineEnding) {
  const Events expected{{"", "a\nb"}, {"", "c"}};
  EXPECT_EQ(ParseWhole("data: a\ndata: b\n\ndata: c\n\n"), expected);
  EXPECT_EQ(ParseWhole("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"), expected);
  EXPECT_EQ(ParseWhole("data: a\rdata: b\r\rdata: c\r\r"), expected);
  EXPECT_EQ(ParseWhole("data: a\r\ndata: b\n\rdata: c\r\r\n"), expected);
}

TEST(SseParser, ByteOrderMarkOnlyAtTheStart) {
  EXPECT_EQ(ParseWhole("\xEF\xBB\xBF"
                       "data: a\n\n"),
            (Events{{"", "a"}}));
  EXPECT_EQ(ParseWhole("data: a\n\n\xEF\xBB\xBF"
                       "data: b\n\n"),
            (Events{{"", "a"}}));
  EXPECT_EQ(ParseWhole("\xEF\xBB"
                       "data: a\n\n"),
            Events{});
}

TEST(SseParser, UnfinishedEventIsNotDispatched) {
  EXPECT_EQ(ParseWhole("data: a\n\ndata: b"), (Events{{"", "a"}}));
  EXPECT_EQ(ParseWhole("data: a\n\ndata: b\n"), (Events{{"", "a"}}));
}

constexpr std::string_view kNasty =
    "\xEF\xBB\xBF: hi\r\n\r\nevent: e\r\ndata: one\ndata: two\r\r\n\ndata:\n\nid: 3\rdata: x\ry\r\n"
    "data: [DONE]\n\r\ndata:\xC3\xA9\r\r";

TEST(SseParser, SameEventsWhateverTheChunking) {
  const Events whole = ParseWhole(kNasty);
  ASSERT_EQ(whole.size(), 4u);
  for (size_t i = 0; i <= kNasty.size(); ++i) {
    for (size_t j = i; j <= kNasty.size(); ++j) {
      ASSERT_EQ(ParseCut(kNasty, {i, j}), whole) << i << " " << j;
    }
  }
}

TEST(SseParser, SameEventsByteByByte) {
  SseParser parser;
  Events events;
  for (const char byte : kNasty) {
    parser.Feed({&byte, 1});
    Drain(parser, events);
  }
  EXPECT_EQ(events, ParseWhole(kNasty));
}

TEST(SseParser, NothingIsPendingAfterACompleteEvent) {
  SseParser parser;
  Events events;
  parser.Feed("data: a\n\nda");
  Drain(parser, events);
  EXPECT_EQ(parser.pending(), 2u);
  parser.Feed("ta: b\n\n");
  Drain(parser, events);
  EXPECT_EQ(parser.pending(), 0u);
}

TEST(SseParser, TooLargeAnEventFailsForEver) {
  for (const std::string stream : {"data: 0123456789\n\n", "data: 0123456789",
                                   "data: 01234\ndata: 56789\n\n", ": 0123456789ab"}) {
    SseParser parser(9);
    parser.Feed(stream);
    auto failed = parser.Next();
    ASSERT_FALSE(failed) << stream;
    EXPECT_EQ(failed.error().kind, ErrorKind::kProtocol);
    parser.Feed("\n\ndata: a\n\n");
    EXPECT_FALSE(parser.Next()) << "must not recover";
  }
}

TEST(SseParser, ManySmallEventsInOneFeedAreNotTooLarge) {
  SseParser parser(16);
  std::string stream;
  for (int i = 0; i < 100; ++i) stream += "data: 0123\n\n";
  parser.Feed(stream);
  Events events;
  Drain(parser, events);
  EXPECT_EQ(events.size(), 100u);
}

// Each byte is searched a bounded number of times: four times the bytes may not take sixteen times
// as long. The inputs are those on which a naive search is quadratic.
TEST(SseParser, LongStreamsOfEachLineEndingStayLinear) {
  for (const std::string ending : {"\n", "\r", "\r\n"}) {
    std::string stream;
    while (stream.size() < (4U << 20)) stream += "data: x" + ending + ending;
    SseParser parser;
    parser.Feed(stream);
    Events events;
    Drain(parser, events);
    EXPECT_EQ(events.size(), stream.size() / (7 + 2 * ending.size()));
  }
}

TEST(SseFormat, DataComesBack) {
  for (const std::string data : {"", "a", "a\nb", "\n", " a", "a\n\n"}) {
    EXPECT_EQ(ParseWhole(FormatSseData(data)), (Events{{"", data}}));
  }
  EXPECT_EQ(FormatSseData("a\r\nb\rc"), "data: a\ndata: b\ndata: c\n\n");
  EXPECT_EQ(FormatSseData("[DONE]"), kSseDone);
}

TEST(SseFormat, CommentsAreNoEvents) {
  EXPECT_EQ(FormatSseComment("a\nb"), ": a\n: b\n\n");
  EXPECT_EQ(ParseWhole(FormatSseComment("x\n\ndata: y")), Events{});
}

}  // namespace
}  // namespace understudy
