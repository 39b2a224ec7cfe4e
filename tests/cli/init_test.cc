#include <sys/stat.h>

#include "access/api_key.h"
#include "base/config.h"
#include "base/file.h"
#include "base/ids.h"
#include "cli/run_cli.h"
#include "cli/starter_config.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

unsigned ModeOf(const std::filesystem::path& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

TEST(Init, MakesAWorkspaceThatHoldsItsSecrets) {
  const TempFolder folder;
  const auto workspace = folder / "new/workspace";
  const Ran ran = RunCli({"init", workspace.string()});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ModeOf(workspace), 0700);
  EXPECT_EQ(ModeOf(workspace / "config.toml"), 0600);
  EXPECT_EQ(ModeOf(workspace / "keys" / "origin.key"), 0600);
  EXPECT_EQ(ReadFile(workspace / "keys" / "origin.key")->size(), 32U);
  EXPECT_EQ(RunCli({"config", "check", "--workspace", workspace.string()}).code, 0);
}

TEST(Init, TheStarterConfigIsValidWithAndWithoutAKey) {
  for (const std::string& entry : {std::string(), ApiKeyEntry("ci", NewApiKey())}) {
    const auto options = ParseConfig(StarterConfig(entry), "config.toml", "/tmp");
    ASSERT_TRUE(options) << options.error().ToString();
    EXPECT_EQ(options->models.size(), 1U);
    EXPECT_EQ(options->routing.reference, "openai");
    EXPECT_EQ(options->auth.api_keys.size(), entry.empty() ? 0U : 1U);
    EXPECT_EQ(options->models[0].api_key, entry.empty() ? "" : "env:OPENAI_API_KEY");
  }
}

// Its examples are in comments: they must work when the comment signs are taken off.
TEST(Init, TheStarterConfigsExamplesAreValidToo) {
  std::string toml = StarterConfig("");
  toml = toml.substr(toml.find("# A small model"));
  std::string examples;
  for (size_t at = 0; at < toml.size();) {
    const std::string line = toml.substr(at, toml.find('\n', at) - at);
    at += line.size() + 1;
    const bool setting = line.find(" = ") != std::string::npos || line.starts_with("# [[");
    if (setting) examples += line.substr(2) + '\n';
  }
  const auto options = ParseConfig(examples, "config.toml", "/tmp");
  ASSERT_TRUE(options) << options.error().ToString();
  EXPECT_EQ(options->models.size(), 2U);
  EXPECT_EQ(options->models[0].adapters.size(), 1U);
  EXPECT_EQ(options->routing.rules.size(), 1U);
}

TEST(Init, NeverOverwrites) {
  const TempFolder folder;
  ASSERT_EQ(RunCli({"init", folder.string()}).code, 0);
  const std::string key = ReadFile(folder / "keys/origin.key").value();
  ASSERT_TRUE(WriteFileAtomically(folder / "config.toml", "# mine\n"));
  const Ran again = RunCli({"init", folder.string()});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("there is a workspace already"));
  EXPECT_EQ(ReadFile(folder / "config.toml").value(), "# mine\n");
  EXPECT_EQ(ReadFile(folder / "keys/origin.key").value(), key);
}

TEST(Init, ForceKeepsTheOldConfigAndAllData) {
  const TempFolder folder;
  ASSERT_EQ(RunCli({"init", folder.string()}).code, 0);
  const std::string key = ReadFile(folder / "keys/origin.key").value();
  ASSERT_TRUE(WriteFileAtomically(folder / "config.toml", "# mine\n"));
  ASSERT_TRUE(WriteFileAtomically(folder / "store.db", "data"));
  ASSERT_EQ(RunCli({"init", folder.string(), "--force"}).code, 0);
  ASSERT_EQ(RunCli({"init", folder.string(), "--force"}).code, 0);
  EXPECT_EQ(ReadFile(folder / "config.toml.old-1").value(), "# mine\n");
  EXPECT_EQ(ReadFile(folder / "config.toml.old-2").value(), StarterConfig(""));
  EXPECT_EQ(ReadFile(folder / "store.db").value(), "data");
  EXPECT_EQ(ReadFile(folder / "keys/origin.key").value(), key);
}

// The line of `text` that is an API key.
std::string KeyIn(const std::string& text) {
  const size_t at = text.find("\nus_") + 1;
  return text.substr(at, text.find('\n', at) - at);
}

TEST(Init, AnApiKeyIsShownOnceAndKeptAsItsHash) {
  const TempFolder folder;
  const Ran ran = RunCli({"init", folder.string(), "--api-key", "laptop"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string key = KeyIn(ran.out);
  EXPECT_EQ(key.size(), 46U);
  const std::string config = ReadFile(folder / "config.toml").value();
  EXPECT_THAT(config, HasSubstr("laptop:" + Sha256Hex(key)));
  EXPECT_THAT(config, Not(HasSubstr(key)));
}

TEST(Init, AnApiKeyCanBeAddedLaterAndNothingElseChanges) {
  const TempFolder folder;
  ASSERT_EQ(RunCli({"init", folder.string()}).code, 0);
  const std::string before = ReadFile(folder / "config.toml").value();
  const Ran ran = RunCli({"init", folder.string(), "--api-key"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::string after = ReadFile(folder / "config.toml").value();
  const std::string entry = "\"default:" + Sha256Hex(KeyIn(ran.out)) + "\"";
  const size_t at = after.find(entry);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(after.erase(at, entry.size()), before);
  EXPECT_EQ(RunCli({"init", folder.string(), "--api-key"}).code, 1);  // the name is taken
}

TEST(Init, RefusesNamesThatWouldBreakTheConfig) {
  const TempFolder folder;
  for (const char* name : {"a b", "a:b", "a\"b", "a\nb"}) {
    EXPECT_EQ(RunCli({"init", folder.string(), "--api-key", name}).code, 2) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "config.toml"));
}

TEST(Init, ABrokenConfigIsLeftAloneWhenAKeyIsAdded) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "config.toml", "[server\n"));
  const Ran ran = RunCli({"init", folder.string(), "--api-key", "x"});
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("config.toml:1"));
  EXPECT_EQ(ReadFile(folder / "config.toml").value(), "[server\n");
}

TEST(Init, SaysWhatKeepsItFromMakingFolders) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "file", ""));
  const Ran ran = RunCli({"init", (folder / "file/workspace").string()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("cannot create folder"));
}

TEST(ApiKey, KeysDifferAndUseTheWholeAlphabet) {
  std::string seen;
  for (int i = 0; i < 200; ++i) seen += NewApiKey().substr(3);
  std::ranges::sort(seen);
  const auto repeats = std::ranges::unique(seen);
  EXPECT_EQ(std::distance(seen.begin(), repeats.begin()), 62);
  EXPECT_NE(NewApiKey(), NewApiKey());
}

}  // namespace
}  // namespace understudy
