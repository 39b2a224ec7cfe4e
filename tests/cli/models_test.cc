#include "base/config.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/model_block.h"
#include "cli/run_cli.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kAnswer =
    R"({"id":"c1","object":"chat.completion","model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"ready"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":12,"completion_tokens":1,"total_tokens":13}})";

class Models : public testing::Test {
 protected:
  void SetUp() override { Write("# mine\n[log]\nlevel = \"off\"  # quiet\n"); }
  void Write(std::string_view toml) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", toml));
  }
  std::string Config() { return ReadFile(folder_ / "config.toml").value(); }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.begin(), "models");
    args.insert(args.end(), {"-w", folder_.string()});
    return RunCli(args);
  }
  TempFolder folder_;
};

TEST_F(Models, AddAppendsABlockAndRemoveCutsItAgain) {
  const std::string before = Config();
  ASSERT_EQ(Run({"add", "big", "--url", "http://127.0.0.1:1/v1", "--input-usd", "2.5"}).code, 0);
  EXPECT_EQ(Config(), before +
                          "\n[[models]]\nname = \"big\"\nkind = \"openai\"\n"
                          "url = \"http://127.0.0.1:1/v1\"\ninput_usd = 2.5\n");
  ASSERT_EQ(Run({"add", "second", "--url", "http://127.0.0.1:2/v1", "--set", "retries=0"}).code, 0);
  ASSERT_EQ(Run({"remove", "big"}).code, 0);
  EXPECT_THAT(Config(), AllOf(HasSubstr(before), HasSubstr("second"), Not(HasSubstr("big"))));
}

TEST_F(Models, EditsKeepTheFilesMode) {
  std::filesystem::permissions(folder_ / "config.toml", std::filesystem::perms(0640));
  ASSERT_EQ(Run({"add", "big", "--url", "http://127.0.0.1:1/v1"}).code, 0);
  EXPECT_EQ(std::filesystem::status(folder_ / "config.toml").permissions(),
            std::filesystem::perms(0640));
}

TEST_F(Models, WhatWouldBreakTheConfigIsNotWritten) {
  ASSERT_EQ(Run({"add", "big", "--url", "http://127.0.0.1:1/v1"}).code, 0);
  const std::string before = Config();
  EXPECT_EQ(Run({"add", "big", "--url", "http://127.0.0.1:1/v1"}).code, 3);  // twice
  EXPECT_EQ(Run({"add", "Big One", "--url", "http://h/v1"}).code, 3);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--api-key", "sk-plain"}).code, 3);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--set", "nonsense=1"}).code, 3);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--set", "retries=\"two"}).code, 3);
  EXPECT_EQ(Config(), before);
}

TEST_F(Models, FlagsThatContradictAreUsageErrors) {
  EXPECT_EQ(Run({"add", "x"}).code, 2);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--gguf", "m.gguf"}).code, 2);
  EXPECT_EQ(Run({"add", "x", "--gguf", "m.gguf", "--adapter", "nopath"}).code, 2);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--set", "a=1\n[auth]"}).code, 2);
  EXPECT_EQ(Run({"add", "x", "--url", "http://h/v1", "--input-usd", "-1"}).code, 2);
}

TEST_F(Models, AModelThatRoutingNamesCannotBeRemoved) {
  Write(
      "[routing]\nreference = \"a\"\n[[models]]\nname = \"a\"\nkind = \"openai\"\n"
      "url = \"http://h/v1\"\n");
  const std::string before = Config();
  EXPECT_EQ(Run({"remove", "a"}).code, 3);
  EXPECT_EQ(Config(), before);
  const Ran ran = Run({"remove", "zz"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("Configured: a"));
}

TEST_F(Models, ListShowsWhoPlaysWhichPart) {
  Write(
      "[[models]]\nname = \"a\"\nkind = \"openai\"\nurl = \"http://h/v1\"\n"
      "[[models]]\nname = \"b\"\nkind = \"openai\"\nurl = \"http://i/v1\"\nsmall = true\n");
  EXPECT_THAT(Run({"list"}).out, AllOf(HasSubstr("reference"), HasSubstr("http://i/v1")));
  const auto rows = ParseJson(Run({"list", "--json"}).out);
  ASSERT_TRUE(rows);
  EXPECT_EQ(StringOr(rows->at(0), "part"), "reference");
  EXPECT_EQ(StringOr(rows->at(1), "part"), "local");
}

TEST(ModelBlockTest, QuotesWhatItIsGiven) {
  ModelFlags flags;
  flags.name = "a\"b\n[[x]]";
  flags.gguf = "m.gguf";
  flags.adapters = {"n=p=q"};
  EXPECT_EQ(ModelBlock(flags).value(),
            "[[models]]\nname = \"a\\\"b\\n[[x]]\"\nkind = \"local\"\ngguf = \"m.gguf\"\n"
            "[[models.adapters]]\nname = \"n\"\npath = \"p=q\"\n");
}

TEST_F(Models, TestAsksTheModelAndSaysHowItFared) {
  TestServer server(
      [](const TestMessage&, TestSocket& client) { client.Send(TestAnswer(200, kAnswer)); });
  Write(
      fmt::format("[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = \"{}/v1\"\n", server.url()));
  EXPECT_EQ(Run({"test", "m"}).code, 2);  // whose name to ask for?
  const Ran ran = Run({"test", "m", "--as", "gpt-4o-mini"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("m answered in"), HasSubstr("12 tokens in"),
                             HasSubstr("verdict  pass"), HasSubstr("answer   ready")));
  const auto report = ParseJson(Run({"test", "m", "--as", "x", "--json"}).out);
  ASSERT_TRUE(report);
  EXPECT_TRUE(BoolOr(*report, "ok", false));
}

TEST_F(Models, TestSaysWhatAnUnwillingModelSays) {
  TestServer server([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(401, R"({"error":{"message":"wrong key","type":"x"}})"));
  });
  Write(fmt::format("[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = \"{}/v1\"\nretries = 0\n",
                    server.url()));
  const Ran ran = Run({"test", "m", "--as", "x"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("answered 401"), HasSubstr("api_key")));
  EXPECT_EQ(Run({"test", "nobody"}).code, 4);
}

TEST_F(Models, TestOfAModelThatIsDownIsUnavailable) {
  Write(
      "[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\n"
      "retries = 0\n");
  EXPECT_EQ(Run({"test", "m", "--as", "x"}).code, 5);
}

TEST_F(Models, TestOfAModelThatNeverAnswersEndsInTime) {
  TestServer server([](const TestMessage&, TestSocket&) {});
  Write(fmt::format("[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = \"{}/v1\"\nretries = 0\n",
                    server.url()));
  EXPECT_EQ(Run({"test", "m", "--as", "x", "--timeout", "300ms"}).code, 5);
}

}  // namespace
}  // namespace understudy
