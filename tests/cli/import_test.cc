#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Line(const std::string& id, const std::string& text = "hi") {
  return R"({"id":")" + id +
         R"(","session":"s1","request":{"model":"big","messages":[{"role":"user","content":")" +
         text +
         R"("}]},"response":{"choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}})" +
         "\n";
}

constexpr std::string_view kTuning =
    R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})"
    "\n";

class Import : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0); }

  std::string Write(const std::string& name, std::string_view text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, text));
    return (folder_ / name).string();
  }
  Ran Run(std::vector<std::string> args, int input = 0) {
    args.insert(args.end(), {"--workspace", folder_.string()});
    return RunCli(args, input);
  }
  std::string Count() { return Run({"exchanges", "list", "--count"}).out; }

  TempFolder folder_;
};

TEST_F(Import, TakesExchangesAndFineTuningLines) {
  const std::string file = Write("a.jsonl", Line("e1") + Line("e2") + "\n" + std::string(kTuning));
  const Ran ran = Run({"import", file});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "Imported 3 exchanges, 0 there already, 0 bad lines\n");
  EXPECT_EQ(Count(), "3\n");
}

TEST_F(Import, CountsWhatWasThereAlready) {
  const std::string file = Write("a.jsonl", Line("e1") + Line("e2"));
  ASSERT_EQ(Run({"import", file}).code, 0);
  const std::string more = Write("b.jsonl", Line("e2") + Line("e3"));
  EXPECT_THAT(Run({"import", file, more}).out, HasSubstr("Imported 1 exchange, 3 there"));
  EXPECT_EQ(Count(), "3\n");
}

TEST_F(Import, BadLinesAreNamedAndTheRestGoesIn) {
  const std::string file =
      Write("a.jsonl", "{broken\n" + Line("e1") + "[]\n" + R"({"id":"x"})" + "\n");
  const Ran ran = Run({"import", file});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("Imported 1 exchange, 0 there already, 3 bad lines"));
  EXPECT_THAT(ran.err, AllOf(HasSubstr(file + ":1: "), HasSubstr(file + ":3: "),
                             HasSubstr(file + ":4: "), HasSubstr("request")));
}

TEST_F(Import, ManyBadLinesAreSummedUp) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "no\n";
  const Ran ran = Run({"import", Write("a.jsonl", text)});
  EXPECT_EQ(ran.code, 1);  // nothing was usable
  EXPECT_THAT(ran.err, HasSubstr("... and 15 more bad lines"));
}

TEST_F(Import, StrictImportsAllOrNothing) {
  const std::string file = Write("a.jsonl", Line("e1") + "bad\n");
  const Ran ran = Run({"import", file, "--strict"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr(":2: "), HasSubstr("nothing was imported")));
  EXPECT_EQ(Run({"exchanges", "list"}).code, 4);
  EXPECT_EQ(Run({"import", "-", "--strict"}).code, 2);
}

TEST_F(Import, ADryRunStoresNothing) {
  const Ran ran = Run({"import", Write("a.jsonl", Line("e1") + "bad\n"), "--dry-run"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("1 exchange could be imported, 1 bad line"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "store.db"));
}

TEST_F(Import, ReadsGzipAndStandardInput) {
  std::string text;
  for (int i = 0; i < 2500; ++i) text += Line("g" + std::to_string(i));  // over two batches
  const std::string path = (folder_ / "a.jsonl.gz").string();
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  EXPECT_THAT(Run({"import", path}).out, HasSubstr("Imported 2,500 exchanges"));
  const int input = ::open(Write("b.jsonl", Line("e1")).c_str(), O_RDONLY);
  EXPECT_THAT(Run({"import", "-"}, input).out, HasSubstr("Imported 1 exchange"));
  ::close(input);
  EXPECT_EQ(Count(), "2501\n");
}

TEST_F(Import, JsonSaysTheSame) {
  const Ran ran = Run({"import", Write("a.jsonl", Line("e1") + "bad\n"), "--json"});
  const auto value = ParseJson(ran.out);
  ASSERT_TRUE(value);
  EXPECT_EQ(IntOr(*value, "imported", -1), 1);
  EXPECT_EQ(IntOr(*value, "bad", -1), 1);
  EXPECT_EQ(value->at("first_bad").as_array().size(), 1U);
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Import, MissingFilesAndWorkspacesAreSaid) {
  EXPECT_EQ(Run({"import", (folder_ / "none").string()}).code, 4);
  EXPECT_EQ(
      RunCli({"import", Write("a.jsonl", Line("e1")), "-w", (folder_ / "none").string()}).code, 4);
}

TEST_F(Import, WhatGoesInComesOutAgain) {
  const std::string text = Line("e1", "first") + Line("e2", "second");
  ASSERT_EQ(Run({"import", Write("a.jsonl", text)}).code, 0);
  const Ran ran = Run({"exchanges", "list", "--jsonl", "--all"});
  const size_t end = ran.out.find('\n');
  const auto first = ParseExchangeLine(ran.out.substr(0, end));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, "e1");
  EXPECT_EQ(first->request, ParseExchangeLine(Line("e1", "first"))->request);
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
}

TEST_F(Import, ListShowsRowsAndHowManyThereAre) {
  ASSERT_EQ(Run({"import", Write("a.jsonl", Line("e1") + Line("e2") + Line("e3"))}).code, 0);
  const Ran ran = Run({"exchanges", "list", "--limit", "2"});
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("OUTCOME"), HasSubstr("e3"), HasSubstr("e2"), Not(HasSubstr("e1"))));
  EXPECT_EQ(ran.err, "2 of 3 exchanges (--limit N or --all shows more)\n");
  EXPECT_EQ(ParseJson(Run({"exchanges", "list", "--json"}).out)->as_array().size(), 3U);
  EXPECT_EQ(Run({"exchanges", "list", "--json", "--session", "none"}).out, "[]\n");
  EXPECT_EQ(Run({"exchanges", "list", "--count", "--session", "s1", "--json"}).out,
            "{\"count\":3}\n");
}

TEST_F(Import, BadFiltersAreUsageErrors) {
  EXPECT_EQ(Run({"exchanges", "list", "--since", "soon"}).code, 2);
  EXPECT_EQ(Run({"exchanges", "list", "--outcome", "great"}).code, 2);
  EXPECT_EQ(Run({"exchanges", "list", "--limit", "0"}).code, 2);
  EXPECT_EQ(Run({"exchanges", "list", "--limit", "two"}).code, 2);
  EXPECT_EQ(Run({"exchanges", "list", "--limit", "2", "--all"}).code, 2);
}

TEST_F(Import, ShowDescribesOneExchange) {
  ASSERT_EQ(Run({"import", Write("a.jsonl", Line("e1", "a\\u001b[31mb"))}).code, 0);
  const Ran ran = Run({"exchanges", "show", "e1"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("id          e1\n"), HasSubstr("[user]\na [31mb\n"),
                             HasSubstr("[answer]\nyes\n"), Not(HasSubstr("\033"))));
  EXPECT_EQ(ParseExchangeLine(Run({"exchanges", "show", "e1", "--json"}).out)->id, "e1");
  const Ran none = Run({"exchanges", "show", "e9"});
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.err, HasSubstr("there is no exchange e9"));
}

TEST_F(Import, BeforeAnythingWasRecordedListSaysSo) {
  const Ran ran = Run({"exchanges", "list"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("nothing has been recorded yet"));
}

}  // namespace
}  // namespace understudy
