#include "base/file.h"
#include "base/json.h"
#include "cli/process.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Line(int number) {
  return fmt::format(
      R"({{"id":"e{0}","session":"s{0}","request":{{"messages":[{{"role":"user","content":"question {0} of ann@dayrep.com"}}]}},)"
      R"("response":{{"choices":[{{"message":{{"role":"assistant","content":"answer {0}"}},"finish_reason":"stop"}}]}}}})"
      "\n",
      number);
}

class CurateCommand : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", Workspace()}).code, 0); }
  std::string Workspace() { return (folder_ / "ws").string(); }
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, text));
    return (folder_ / name).string();
  }
  std::string Log(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) text += Line(i);
    return Write("calls.jsonl", text);
  }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.begin(), "curate");
    args.insert(args.end(), {"--workspace", Workspace()});
    return RunCli(args);
  }

  TempFolder folder_;
};

TEST_F(CurateCommand, PutsARunIntoTheWorkspaceOnce) {
  const std::string file = Log(50);
  const Ran ran = Run({"--in", file});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("50 rows, 50 kept, 0 left out"),
                             HasSubstr("masked: email 50 in 50 rows"), HasSubstr("runs/curate/"),
                             HasSubstr("train"), Not(HasSubstr("dayrep"))));
  EXPECT_THAT(Run({"--in", file}).out, HasSubstr("unchanged"));
  EXPECT_THAT(Run({"--in", file, "--force"}).out, Not(HasSubstr("unchanged")));
}

TEST_F(CurateCommand, WritesToAFolderWithItsOwnKey) {
  const std::string key = Write("mask.key", std::string(32, 'k'));
  const std::string out = (folder_ / "data").string();
  const Ran ran =
      Run({"--in", Log(50), "--out", out, "--key-file", key, "--split", "60/20/10/10", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json::value value = ParseJson(ran.out).value();
  EXPECT_EQ(value.at_pointer("/report/kept").to_number<int>(), 50);
  EXPECT_EQ(StringOr(value, "folder"), out);
  for (const char* name :
       {"train.jsonl", "valid.jsonl", "calib.jsonl", "test.jsonl", "report.json", "meta.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / "data" / name)) << name;
  }
}

TEST_F(CurateCommand, ADryRunWritesNothing) {
  const Ran ran = Run({"--in", Log(5), "--no-mask", "--dry-run"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("5 kept"), Not(HasSubstr("masked"))));
  EXPECT_TRUE(fs::is_empty(folder_ / "ws/runs"));
}

TEST_F(CurateCommand, SaysWhatWasLeftOut) {
  const Ran ran = Run({"--in", Write("a.jsonl", Line(1) + "{broken\n" + Line(1)), "--dry-run"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("malformed"), HasSubstr("a.jsonl:2"), HasSubstr("duplicate"),
                             HasSubstr("a.jsonl:3")));
}

TEST_F(CurateCommand, RefusesWhatCannotBe) {
  const std::string file = Log(3);
  EXPECT_EQ(Run({"--in", (folder_ / "no.jsonl").string()}).code, 4);
  EXPECT_EQ(Run({"--in", file, "--split", "50/50"}).code, 2);
  EXPECT_EQ(Run({"--in", file, "--near", "7"}).code, 2);
  EXPECT_EQ(Run({"--in", file, "--seed", "-1"}).code, 2);
  EXPECT_EQ(Run({}).code, 2);
  const Ran shorter = Run({"--in", file, "--key-file", Write("short.key", "abc")});
  EXPECT_EQ(shorter.code, 1);
  EXPECT_THAT(shorter.err, HasSubstr("too short"));
  const Ran none = RunCli({"curate", "--in", file, "--out", (folder_ / "o").string(), "--workspace",
                           (folder_ / "nowhere").string()});
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.err, HasSubstr("--key-file"));
  fs::create_directory(folder_ / "full");
  Write("full/letter.txt", "dear");
  EXPECT_EQ(Run({"--in", file, "--out", (folder_ / "full").string()}).code, 1);
  EXPECT_EQ(Run({"--in", Write("bad.jsonl", "{\n")}).code, 1);
}

TEST_F(CurateCommand, AnInterruptEndsItCleanly) {
  const std::string file = Log(60'000);
  Process process(Understudy(
      {"curate", "--in", file, "--out", (folder_ / "data").string(), "--workspace", Workspace()}));
  while (!fs::exists(folder_ / "data.part/.spool")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(), 130);
  EXPECT_FALSE(fs::exists(folder_ / "data"));
  EXPECT_FALSE(fs::exists(folder_ / "data.part"));
}

}  // namespace
}  // namespace understudy
