#include "models/replay_index.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "chat/exchange_json.h"
#include "support/data_files.h"

namespace understudy {
namespace {

std::string Request(std::string_view user, std::string_view system = "Help.") {
  return fmt::format(R"({{"model":"m","messages":[{{"role":"system","content":"{}"}},)"
                     R"({{"role":"user","content":"{}"}}]}})",
                     system, user);
}

std::string Response(std::string_view text) {
  return fmt::format(R"({{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},)"
                     R"("finish_reason":"stop"}}]}})",
                     text);
}

std::string Line(std::string_view id, std::string_view request, std::string_view response) {
  return fmt::format("{{\"id\":\"{}\",\"request\":{},\"response\":{}}}\n", id, request, response);
}

class ReplayIndexTest : public ::testing::Test {
 protected:
  ReplayIndexTest()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("replay_" + std::to_string(::getpid()) + ".jsonl")) {}
  ~ReplayIndexTest() override { std::filesystem::remove(path_); }

  Result<std::unique_ptr<const ReplayIndex>> Open(std::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReplayIndex::Open(path_);
  }
  std::unique_ptr<const ReplayIndex> Index(std::string_view text) {
    auto index = Open(text);
    EXPECT_TRUE(index) << index.error().ToString();
    return index ? *std::move(index) : nullptr;
  }

  const std::filesystem::path path_;
};

TEST_F(ReplayIndexTest, AnswersTheExactRequestWithItsBytes) {
  const std::string odd =
      R"({ "choices" : [ {"message":{"content":"\u0041", "role":"assistant"}} ] })";
  const auto index =
      Index(Line("1", Request("hi"), Response("hello")) + Line("2", Request("bye"), odd));
  const auto answer = index->Find(Request("bye"), false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->hit, ReplayHit::kExact);
  EXPECT_EQ(answer->id, "2");
  EXPECT_EQ(answer->response, odd);
}

TEST_F(ReplayIndexTest, ThenTheSameLastMessages) {
  const auto index = Index(Line("1", Request("Find me a bus"), Response("which?")));
  const auto answer = index->Find(Request("  find ME a   bus"), false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->hit, ReplayHit::kLoose);
  EXPECT_EQ(answer->response, Response("which?"));
}

TEST_F(ReplayIndexTest, OfSameLastMessagesTheOneMostAlike) {
  const auto dialogue = [](std::string_view about) {
    return fmt::format(R"({{"messages":[{{"role":"user","content":"{}"}},)"
                       R"({{"role":"assistant","content":"sure?"}},)"
                       R"({{"role":"user","content":"yes"}}]}})",
                       about);
  };
  const auto index =
      Index(Line("1", dialogue("book a flight to Rome for two people"), Response("a")) +
            Line("2", dialogue("play some quiet music in the kitchen"), Response("b")));
  const auto answer = index->Find(dialogue("play some quiet music in the bath"), false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "2");
  EXPECT_GT(answer->similarity, 0.5);
}

TEST_F(ReplayIndexTest, DifferentAnswersToOneRequestComeInTurn) {
  const auto index = Index(
      Line("1", Request("dice"), Response("six")) + Line("2", Request("other"), Response("x")) +
      Line("3", Request("dice"), Response("two")) + Line("4", Request("dice"), Response("two")));
  EXPECT_EQ(index->turns(), 1);
  std::string ids;
  for (int i = 0; i < 5; ++i) ids += index->Find(Request("dice"), false)->id;
  EXPECT_EQ(ids, "13413");
}

TEST_F(ReplayIndexTest, TheSameAnswerAgainIsKeptOnce) {
  const auto index = Index(Line("1", Request("hi"), Response("hello")) +
                           Line("2", Request("hi"), Response("hello")));
  EXPECT_EQ(index->size(), 1);
  EXPECT_EQ(index->repeated(), 1);
  EXPECT_EQ(index->Find(Request("hi"), false)->id, "1");
  EXPECT_EQ(index->Find(Request("hi"), false)->id, "1");
}

TEST_F(ReplayIndexTest, AMissSaysHowToMendIt) {
  const auto index = Index(Line("1", Request("hi"), Response("hello")));
  const auto miss = index->Find(Request("unheard of"), false);
  ASSERT_FALSE(miss);
  EXPECT_EQ(miss.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(miss.error().code, "replay_miss");
  EXPECT_NE(miss.error().mend.find("on_miss"), std::string::npos);
  EXPECT_EQ(miss.error().message.find("unheard"), std::string::npos) << "no text of the request";
}

TEST_F(ReplayIndexTest, NearestIsTheMostSimilarRecorded) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += Line(std::to_string(i), Request(fmt::format("topic{} question{} about{}", i, i % 7, i)),
                 Response(std::to_string(i)));
  }
  text += Line("wanted", Request("cheap italian restaurant with outdoor seating"), Response("w"));
  const auto index = Index(text);
  const auto answer =
      index->Find(Request("a cheap italian restaurant, outdoor seating please"), true);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->hit, ReplayHit::kNearest);
  EXPECT_EQ(answer->id, "wanted");
  EXPECT_LT(answer->similarity, 1);
  EXPECT_FALSE(index->Find(R"({"messages":[{"role":"user","content":"!?"}]})", true));
}

TEST_F(ReplayIndexTest, PassesOverBadLinesAndSaysWhichWasTheFirst) {
  const auto index =
      Index("not json\n" + Line("1", Request("hi"), Response("hello")) + "{\"id\":\"2\"}\n\n" +
            Line("3", Request("error"), R"({"error":{"message":"boom"}})") +
            Line("4", Request("nothing"), "null"));
  EXPECT_EQ(index->size(), 1);
  EXPECT_EQ(index->skipped(), 4);
  EXPECT_EQ(index->problem().substr(0, 7), "line 1:");
}

TEST_F(ReplayIndexTest, AFileWithoutAnyAnswerIsAnError) {
  for (const std::string_view text : {"", "\n\n", "garbage\n", "[1,2]\n{}\n"}) {
    const auto index = Open(text);
    ASSERT_FALSE(index) << text;
    EXPECT_NE(index.error().message.find(path_.string()), std::string::npos);
    EXPECT_FALSE(index.error().mend.empty());
  }
  EXPECT_FALSE(ReplayIndex::Open(path_ / "absent"));
}

TEST_F(ReplayIndexTest, AFileChangedInPlaceIsNoticed) {
  const auto index = Index(Line("1", Request("hi"), Response("hello")));
  std::ofstream(path_, std::ios::binary) << Line("1", Request("hi"), Response("jello"));
  const auto answer = index->Find(Request("hi"), false);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kIo);
  EXPECT_NE(answer.error().message.find("changed"), std::string::npos);
}

TEST_F(ReplayIndexTest, ThreadsShareTheTurns) {
  const auto index = Index(Line("a", Request("dice"), Response("six")) +
                           Line("b", Request("dice"), Response("two")));
  std::atomic<int> first{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) first += index->Find(Request("dice"), false)->id == "a";
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(first.load(), 100);
}

// Every exchange of a real log is found again by its own request.
TEST(ReplayIndexDataTest, FindsEveryExchangeOfALogExactly) {
  constexpr std::string_view kName = "agentlog/sgd_dev.jsonl";
  const auto path = DataFile(kName);
  if (!path) GTEST_SKIP() << MissingData(kName);
  const auto index = ReplayIndex::Open(*path);
  ASSERT_TRUE(index) << index.error().ToString();
  EXPECT_EQ((*index)->skipped(), 0);
  std::ifstream file(*path);
  size_t lines = 0, exact = 0, same = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto exchange = ParseExchangeLine(line);
    ASSERT_TRUE(exchange);
    const auto answer = (*index)->Find(exchange->request, false);
    ASSERT_TRUE(answer);
    exact += answer->hit == ReplayHit::kExact;
    same += answer->response == exchange->response;
  }
  EXPECT_EQ(lines, 2895);
  EXPECT_EQ(exact, lines);
  EXPECT_EQ(same, lines) << "the recorded bytes, for repeated requests too";
}

}  // namespace
}  // namespace understudy
