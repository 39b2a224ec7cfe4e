#include "base/config.h"

#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Ran WithConfig(std::string_view toml, std::vector<std::string> args) {
  const TempFolder folder;
  EXPECT_TRUE(WriteFileAtomically(folder / "config.toml", toml));
  args.insert(args.end(), {"-w", folder.string()});
  return RunCli(args);
}

TEST(ConfigCommand, CheckSaysOkOrEverythingThatIsWrong) {
  EXPECT_EQ(WithConfig("", {"config", "check"}).code, 0);
  const Ran ran = WithConfig("[server]\nthreads = \"two\"\nlisten_to = 1\n", {"config", "check"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("config.toml:2"), HasSubstr("config.toml:3")));
}

TEST(ConfigCommand, WithoutAWorkspaceItSaysHowToMakeOne) {
  const TempFolder folder;
  const Ran ran = RunCli({"config", "check", "-w", folder.string()});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("understudy init " + folder.string()));
}

TEST(ConfigCommand, ShowIsAConfigAgain) {
  const Ran ran = WithConfig("[log]\nlevel = \"warn\"\n", {"config", "show"});
  EXPECT_EQ(ran.code, 0);
  const auto options = ParseConfig(ran.out, "shown", "/tmp");
  ASSERT_TRUE(options) << options.error().ToString();
  EXPECT_EQ(options->log.level, "warn");
}

TEST(ConfigCommand, ShowAsJson) {
  const Ran ran = WithConfig("[server]\nthreads = 3\n", {"config", "show", "--json"});
  const auto value = ParseJson(ran.out);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("server").at("threads").as_int64(), 3);
  EXPECT_EQ(value->at("record").at("enabled").as_bool(), true);
}

TEST(ConfigCommand, ShowSaysWhereEachValueComesFrom) {
  const Ran ran = WithConfig(
      "[server]\n\nthreads = 3\n[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = "
      "\"http://h/v1\"\n",
      {"config", "show", "--origin"});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("server.threads = 3  # config.toml:3\n"),
                             HasSubstr("models[0].url = \"http://h/v1\"  # config.toml:7\n"),
                             HasSubstr("log.level = \"info\"  # default\n")));
}

TEST(ConfigCommand, SecretsAreNeverShown) {
  ::setenv("UNDERSTUDY_TEST_SECRET", "hush-hush", 1);
  const std::string toml =
      "[[models]]\nname = \"m\"\nkind = \"openai\"\nurl = \"http://h/v1\"\n"
      "api_key = \"env:UNDERSTUDY_TEST_SECRET\"\n";
  for (const char* flag : {"--json", "--origin"}) {
    const Ran ran = WithConfig(toml, {"config", "show", flag});
    EXPECT_THAT(ran.out, AllOf(HasSubstr("env:UNDERSTUDY_TEST_SECRET"), Not(HasSubstr("hush"))));
  }
}

}  // namespace
}  // namespace understudy
