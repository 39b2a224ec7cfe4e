#include "flywheel/curate/curate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

#include "base/file.h"
#include "chat/exchange_json.h"
#include "flywheel/curate/mark.h"
#include "flywheel/curate/minhash.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTool =
    R"(,"tools":[{"type":"function","function":{"name":"find","parameters":{"type":"object"}}}])";

std::string Row(std::string_view id, std::string_view session, std::string_view said,
                std::string_view message, std::string_view finish = "stop",
                std::string_view tools = "") {
  return fmt::format(
      R"({{"id":"{}","session":"{}","truth":{{"kind":"k"}},"request":{{"messages":[{{"role":"user","content":"{}"}}]{}}},)"
      R"("response":{{"choices":[{{"message":{},"finish_reason":"{}"}}]}}}})"
      "\n",
      id, session, said, tools, message, finish);
}
std::string Said(std::string_view text) {
  return fmt::format(R"({{"role":"assistant","content":"{}"}})", text);
}
std::string Called(std::string_view name, std::string_view arguments) {
  return fmt::format(
      R"({{"role":"assistant","content":null,"tool_calls":[{{"id":"c","type":"function","function":{{"name":"{}","arguments":{}}}}}]}})",
      name, JsonString(arguments));
}

class CurateTest : public testing::Test {
 protected:
  void Write(const std::string& lines, const std::string& name = "in.jsonl") {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, lines));
    options_.inputs = {folder_ / name};
  }
  Result<Curated> Run(const std::string& out = "out") {
    StagePlace place;
    place.out = folder_ / out;
    return Curate(options_, place, hooks_);
  }
  // The lines of all parts, by id.
  std::map<std::string, std::pair<std::string, std::string>> Rows(const std::string& out = "out") {
    std::map<std::string, std::pair<std::string, std::string>> rows;
    for (const std::string part : {"train", "valid", "calib", "test"}) {
      std::istringstream lines(ReadFile(folder_ / (out + "/" + part + ".jsonl")).value_or(""));
      for (std::string line; std::getline(lines, line);) {
        rows[ParseExchangeLine(line).value().id] = {part, line};
      }
    }
    return rows;
  }
  CurateReport Report(const std::string& lines) {
    Write(lines);
    const auto curated = CurateDry(options_, hooks_);
    EXPECT_TRUE(curated) << curated.error().ToString();
    return curated ? curated->report : CurateReport{};
  }

  TempFolder folder_;
  CurateOptions options_;
  StageHooks hooks_;
};

TEST_F(CurateTest, BadRowsAreCountedByReasonWithTheirPlaces) {
  const std::string good = Row("a", "s", "hello there", Said("good day"));
  const CurateReport report =
      Report(good + "\n" + "{broken\n" + Row("b", "s", "q1", Said("cut"), "length") +
             Row("c", "s", "q2", Said("  ")) +
             Row("d", "s", "q3", Called("find", "{\"x\":"), "stop", kTool) +
             Row("e", "s", "q4", Called("lose", "{}"), "stop", kTool) +
             R"({"id":"f","request":{"messages":[{"role":"user","content":"q5"}]}})"
             "\n" +
             Row("g", "s", "q6", Said("I'm sorry, but I can't assist with that.")) +
             Row("h", "s", "q7", Called("find", "[1]"), "stop", kTool));
  EXPECT_EQ(report.rows, 9);
  EXPECT_EQ(report.kept, 1);
  const auto places = [&](SkipReason reason) {
    return report.dropped[static_cast<size_t>(reason)].places;
  };
  EXPECT_THAT(places(SkipReason::kMalformed), ElementsAre("in.jsonl:3"));
  EXPECT_THAT(places(SkipReason::kTruncatedAnswer), ElementsAre("in.jsonl:4"));
  EXPECT_THAT(places(SkipReason::kEmptyAnswer), ElementsAre("in.jsonl:5"));
  EXPECT_THAT(places(SkipReason::kBrokenArguments), ElementsAre("in.jsonl:6", "in.jsonl:10"));
  EXPECT_THAT(places(SkipReason::kUnknownTool), ElementsAre("in.jsonl:7"));
  EXPECT_THAT(places(SkipReason::kNoAnswer), ElementsAre("in.jsonl:8"));
  EXPECT_THAT(places(SkipReason::kRefused), ElementsAre("in.jsonl:9"));
  EXPECT_THAT(json::serialize(ToJson(report)), Not(HasSubstr("hello")));
}

TEST_F(CurateTest, EqualRowsAreMergedAndCounted) {
  Write(Row("a", "s1", "book it", Called("find", R"({"x":1,"y":2})"), "stop", kTool) +
        Row("b", "s2", "book it", Called("find", R"({ "y": 2, "x": 1 })"), "stop", kTool) +
        Row("c", "s3", "something else entirely", Said("ok")));
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().ToString();
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows.at("a").second, HasSubstr(R"("truth":{"kind":"k"},"curated":{"rows":2,)"));
  EXPECT_THAT(rows.at("c").second, HasSubstr(R"("curated":{"rows":1,)"));
  EXPECT_EQ(done->report.dropped[static_cast<size_t>(SkipReason::kDuplicate)].rows, 1);
}

TEST_F(CurateTest, ContradictionsGoByMajorityOrAltogether) {
  Write(Row("a", "s1", "is it open", Said("yes")) + Row("b", "s2", "is it open", Said("no")) +
        Row("c", "s3", "is it open", Said("yes  ")) + Row("d", "s4", "is it far", Said("yes")) +
        Row("e", "s5", "is it far", Said("no")));
  const auto done = Run();
  ASSERT_TRUE(done);
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows.at("a").second, HasSubstr(R"("rows":2,)"));
  EXPECT_EQ(done->report.contradictory_requests, 2);
  const auto& gone = done->report.dropped[static_cast<size_t>(SkipReason::kContradiction)];
  EXPECT_THAT(gone.places, ElementsAre("in.jsonl:2", "in.jsonl:4", "in.jsonl:5"));
}

TEST_F(CurateTest, MasksAndKeepsArgumentsInStep) {
  options_.mask.emplace("a secret of this test");
  Write(Row("a", "s1", "call 408-971-8523 for ann@dayrep.com",
            Called("find", R"({"to":"408-971-8523","mail":"ann@dayrep.com"})"), "stop", kTool));
  ASSERT_TRUE(Run());
  const std::string line = Rows().at("a").second;
  EXPECT_THAT(line, Not(HasSubstr("8523")));
  EXPECT_THAT(line, Not(HasSubstr("dayrep")));
  const size_t at = line.find("call ") + 5;
  EXPECT_NE(line.find(line.substr(at, 12), at + 12), std::string::npos);
  EXPECT_THAT(ReadFile(folder_ / "out/meta.json").value(), HasSubstr(options_.mask->Fingerprint()));
}

TEST_F(CurateTest, NearDuplicatesStayTogether) {
  std::string words;
  for (int i = 0; i < 60; ++i) words += fmt::format("word{} ", i);
  Write(Row("a", "s1", words, Said("done")) + Row("b", "s2", words + "please", Said("done")) +
        Row("c", "s3", "a text of its own that nobody else wrote", Said("fine")));
  const auto done = Run();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->report.near_groups, 1);
  EXPECT_EQ(done->report.near_rows, 2);
  EXPECT_EQ(done->report.groups, 2);
  options_.near = 0;
  EXPECT_EQ(CurateDry(options_, hooks_)->report.groups, 3);
}

// Random sessions, some of whose rows repeat or nearly repeat those of other sessions.
std::string RandomLog(std::mt19937& random, int rows) {
  std::string log;
  for (int i = 0; i < rows; ++i) {
    std::string said;
    const unsigned topic = random() % 150;
    for (unsigned word = 0; word < 30; ++word) said += fmt::format("t{}w{} ", topic, word);
    if (random() % 2) said += fmt::format("number {}", random() % 3);
    log += Row(fmt::format("r{}", i), fmt::format("s{}", random() % 120), said,
               Said(random() % 4 ? "the usual answer" : "another answer"));
  }
  return log;
}

TEST_F(CurateTest, NothingLeaksBetweenParts) {
  std::mt19937 random(11);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    options_.seed = seed;
    options_.shares = {50, 20, 15, 15};
    Write(RandomLog(random, 60 + static_cast<int>(seed) * 20));
    const std::string out = fmt::format("out{}", seed);
    ASSERT_TRUE(Run(out));
    std::map<std::string, std::string> part_of_session, part_of_topic;
    for (const auto& [id, row] : Rows(out)) {
      const auto& [part, line] = row;
      const Exchange exchange = ParseExchangeLine(line).value();
      const auto session = part_of_session.try_emplace(exchange.session, part).first;
      EXPECT_EQ(session->second, part) << exchange.session;
      // Rows of one topic with one answer differ in two words of thirty: similarity 0.85 or more
      // by their sketches is what the threshold of 0.9 sees at times; the exact text is always
      // seen.
      const size_t at = exchange.request.find("\"content\"");
      const auto topic =
          part_of_topic.try_emplace(exchange.request.substr(at) + exchange.response, part).first;
      EXPECT_EQ(topic->second, part);
    }
  }
}

TEST_F(CurateTest, PairsOverTheThresholdAreNeverParted) {
  std::mt19937 random(5);
  options_.shares = {40, 20, 20, 20};
  Write(RandomLog(random, 150));
  ASSERT_TRUE(Run());
  std::vector<std::pair<std::string, Sketch>> rows;
  for (const auto& [id, row] : Rows()) {
    const Exchange exchange = ParseExchangeLine(row.second).value();
    const json::value request = ParseJson(exchange.request).value();
    const json::value response = ParseJson(exchange.response).value();
    const std::string text =
        std::string(request.at_pointer("/messages/0/content").as_string()) + "\n" +
        std::string(response.at_pointer("/choices/0/message/content").as_string());
    rows.emplace_back(row.first, SketchOf(ShinglesOf(text)));
  }
  std::set<std::string> parts;
  int near = 0;
  for (const auto& [part, sketch] : rows) {
    parts.insert(part);
    for (const auto& [other_part, other] : rows) {
      if (Similarity(sketch, other) < 0.9) continue;
      ++near;
      EXPECT_EQ(part, other_part);
    }
  }
  EXPECT_GT(near, static_cast<int>(rows.size()));
}

TEST_F(CurateTest, CuratingCuratedDataChangesNothing) {
  options_.mask.emplace("a secret of this test");
  options_.shares = {40, 20, 20, 20};
  std::mt19937 random(3);
  Write(RandomLog(random, 200) + Row("x", "", "mail ann@dayrep.com now", Said("done")));
  ASSERT_TRUE(Run("one"));
  options_.inputs.clear();
  for (const char* part : {"train", "valid", "calib", "test"}) {
    options_.inputs.push_back(folder_ / fmt::format("one/{}.jsonl", part));
  }
  const auto again = Run("two");
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->report.dropped_rows(), 0);
  EXPECT_EQ(again->report.masked.total(), 0);
  for (const char* part : {"train", "valid", "calib", "test"}) {
    EXPECT_EQ(ReadFile(folder_ / fmt::format("one/{}.jsonl", part)).value(),
              ReadFile(folder_ / fmt::format("two/{}.jsonl", part)).value());
  }
  // Alone, each part stays what it is, although the rows that joined its groups are gone.
  options_.inputs = {folder_ / "one/test.jsonl"};
  ASSERT_TRUE(Run("three"));
  EXPECT_EQ(ReadFile(folder_ / "one/test.jsonl").value(),
            ReadFile(folder_ / "three/test.jsonl").value());
}

TEST_F(CurateTest, AnUnchangedRunIsNotDoneAgainAndStillReports) {
  Write(Row("a", "s", "hello", Said("good day")) + "{\n");
  const auto first = Run();
  ASSERT_TRUE(first);
  const auto second = Run();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->stage->unchanged);
  EXPECT_EQ(ToJson(second->report), ToJson(first->report));
  options_.seed = 1;
  EXPECT_FALSE(Run()->stage->unchanged);
}

TEST_F(CurateTest, AStoppedRunLeavesNothing) {
  std::mt19937 random(3);
  Write(RandomLog(random, 500));
  int64_t steps = 0;
  hooks_.stop = [&] { return ++steps > 6; };
  const auto stopped = Run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.string()), {}), 1);
}

TEST_F(CurateTest, WhereNothingIsLeftTheErrorSaysWhy) {
  Write(Row("a", "s", "q", Said("")) + Row("b", "s", "r", Said("")) + "{\n");
  const auto failed = Run();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().ToString(), HasSubstr("none of the 3 rows"));
  EXPECT_THAT(failed.error().ToString(), HasSubstr("in.jsonl:1"));
  Write("\n\n");
  EXPECT_THAT(Run().error().ToString(), HasSubstr("no rows"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST(CurateMark, IsTakenOffAndPutBack) {
  Exchange exchange =
      ParseExchangeLine(
          R"({"id":"a","request":{},"x":1.50,"curated":{"rows":3,"group":"00000000000000ff","seed":7},"y":"z"})")
          .value();
  const CurateMark mark = TakeMark(exchange);
  EXPECT_EQ(mark.rows, 3);
  EXPECT_EQ(mark.group, 255u);
  EXPECT_EQ(mark.seed, 7u);
  EXPECT_EQ(exchange.extra, R"({"x":1.50,"y":"z"})");
  const std::string line = WithMark(FormatExchangeLine(exchange), mark);
  EXPECT_THAT(line,
              testing::EndsWith(
                  R"("x":1.50,"y":"z","curated":{"rows":3,"group":"00000000000000ff","seed":7}})"));
  exchange.extra = R"({"curated":"by hand"})";
  EXPECT_EQ(TakeMark(exchange).rows, 1);
  EXPECT_EQ(exchange.extra, "");
}

}  // namespace
}  // namespace understudy
