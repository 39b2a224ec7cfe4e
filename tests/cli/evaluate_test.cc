#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"
#include "support/llama.h"
#include "support/paths.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Line(int number) {
  return fmt::format(
      R"({{"id":"e{0}","request":{{"max_tokens":8,"messages":[{{"role":"user","content":"q {0}"}}]}},)"
      R"("response":{{"choices":[{{"message":{{"role":"assistant","content":"{1}"}},"finish_reason":"stop"}}]}}}})"
      "\n",
      number, number % 2 ? "billing" : "Your table is booked, and we look forward to it.");
}

class EvaluateCommand : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", Path("ws")}).code, 0); }
  std::string Path(const std::string& name) { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, text));
    return Path(name);
  }
  Ran Evaluate(std::vector<std::string> args) {
    args.insert(args.begin(), "evaluate");
    args.insert(args.end(), {"--workspace", Path("ws"), "--context", "512", "--threads", "1"});
    return RunCli(args);
  }

  TempFolder folder_;
};

TEST_F(EvaluateCommand, MeasuresAndSelects) {
  SKIP_WITHOUT_LLAMA_SERVER();
  std::string lines;
  for (int i = 0; i < 8; ++i) lines += Line(i);
  const std::string file = Write("valid.jsonl", lines);
  const std::string base = testing::TinyModel().model;
  const Ran plain =
      Evaluate({"--base", base, "--in", file, "--out", Path("plain"), "--limit", "6"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, AllOf(HasSubstr("valid"), HasSubstr("worse by at most"),
                               HasSubstr("not counted as replaceable"), HasSubstr("latency")));
  EXPECT_THAT(Evaluate({"--base", base, "--in", file, "--out", Path("plain"), "--limit", "6"}).out,
              HasSubstr("unchanged"));
  const Ran tuned = Evaluate({"--base", base, "--adapter", testing::TinyModel().adapter_a, "--in",
                              file, "--out", Path("tuned"), "--limit", "6", "--json"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const json::value card = ParseJson(tuned.out).value();
  EXPECT_EQ(card.at_pointer("/scorecard/parts/valid/total").to_number<int>(), 6);
  EXPECT_EQ(card.at_pointer("/folder").as_string(), Path("tuned"));

  const std::string catalogue = SourceFolder() / "weights/catalogue.toml";
  const Ran chosen = RunCli({"select", "--scorecards", Path("plain"), Path("tuned"), "--out",
                             Path("choice"), "--catalogue", catalogue, "--json"});
  ASSERT_EQ(chosen.code, 0) << chosen.err;
  const json::value choice = ParseJson(chosen.out).value();
  EXPECT_EQ(choice.at_pointer("/choice/candidates").as_array().size(), 2u);
  EXPECT_GT(choice.at_pointer("/choice/catalogue").as_array().size(), 5u);
  const Ran told = RunCli({"select", "--scorecards", Path("plain"), Path("tuned"), "--out",
                           Path("choice"), "--catalogue", catalogue});
  EXPECT_THAT(told.out, AllOf(HasSubstr("only one base model was measured"), HasSubstr("*"),
                              HasSubstr("unchanged")));
}

TEST_F(EvaluateCommand, RefusesWhatCannotBe) {
  const std::string base = Write("no.gguf", "no model");
  const std::string file = Write("valid.jsonl", Line(1));
  EXPECT_EQ(Evaluate({"--in", file}).code, 2);
  EXPECT_EQ(Evaluate({"--base", base, "--in", file, "--parts", "dev"}).code, 2);
  EXPECT_EQ(Evaluate({"--base", base, "--in", file, "--overlap", "3"}).code, 2);
  EXPECT_EQ(Evaluate({"--base", Path("none.gguf"), "--in", file}).code, 4);
  EXPECT_EQ(Evaluate({"--base", base, "--in", Path("none.jsonl")}).code, 4);
  const Ran broken = Evaluate({"--base", base, "--in", file});
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.err, HasSubstr("GGUF"));
}

TEST_F(EvaluateCommand, SelectRefusesWhatCannotBe) {
  EXPECT_EQ(RunCli({"select"}).code, 2);
  EXPECT_EQ(RunCli({"select", "--scorecards", Path("none"), "--out", Path("c")}).code, 4);
  EXPECT_EQ(RunCli({"select", "--scorecards", Path("none"), "--catalogue", Path("no.toml"), "--out",
                    Path("c")})
                .code,
            4);
}

}  // namespace
}  // namespace understudy
