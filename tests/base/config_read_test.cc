#include <filesystem>
#include <fstream>

#include "base/config_fixture.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ConfigRead, EmptyGivesTheDefaults) {
  const Options options = Parsed("");
  EXPECT_EQ(options.workspace, "/ws");
  EXPECT_EQ(options.server.listen, "127.0.0.1:8700");
  EXPECT_EQ(options.server.max_body_bytes, 32 << 20);
  EXPECT_EQ(options.record.mode, "batched");
  EXPECT_TRUE(options.models.empty());
}

TEST(ConfigRead, ReadsEveryTypeAndNestedLists) {
  const Options options = Parsed(std::string(R"(
[server]
threads = 3
max_body_bytes = "64 MiB"
[record]
enabled = false
max_body_bytes = 1000
[log]
level = "debug"
[routing]
reference = "gpt"
[[routing.rules]]
name = "short"
tools = ["a", "b"]
max_bytes = "2kB"
to = "task:labels"
[[routing.tasks]]
name = "labels"
model = "tiny"
adapter = "labels"
)") + std::string(kTwoModels));
  EXPECT_EQ(options.server.threads, 3);
  EXPECT_EQ(options.server.max_body_bytes, 64 << 20);
  EXPECT_FALSE(options.record.enabled);
  EXPECT_EQ(options.record.max_body_bytes, 1000);
  EXPECT_EQ(options.log.level, "debug");
  ASSERT_EQ(options.routing.rules.size(), 1u);
  EXPECT_THAT(options.routing.rules[0].tools, ElementsAre("a", "b"));
  EXPECT_EQ(options.routing.rules[0].max_bytes, 2000);
  ASSERT_EQ(options.models.size(), 2u);
  ASSERT_EQ(options.models[1].adapters.size(), 1u);
  EXPECT_EQ(options.models[1].adapters[0].name, "labels");
}

TEST(ConfigRead, FillsInWhatFollowsFromTheKind) {
  const Options options = Parsed(kTwoModels);
  EXPECT_FALSE(options.models[0].small);
  EXPECT_EQ(options.models[0].zone, "cloud");
  EXPECT_TRUE(options.models[1].small);
  EXPECT_EQ(options.models[1].zone, "local");
}

TEST(ConfigRead, ResolvesRelativePathsAgainstTheWorkspace) {
  const Options options = Parsed(R"(
[[models]]
name = "a"
kind = "local"
gguf = "../shared/a.gguf"
[[models]]
name = "b"
kind = "replay"
file = "/data/log.jsonl"
)");
  EXPECT_EQ(options.models[0].gguf, "/shared/a.gguf");
  EXPECT_EQ(options.models[1].file, "/data/log.jsonl");
  EXPECT_EQ(options.runtime.llama_server, "");
}

TEST(ConfigRead, ANumberMayBeWrittenAsAnInteger) {
  const Options options =
      Parsed("[[models]]\nname='a'\nkind='replay'\nfile='f'\ninput_usd=3\noutput_usd=0.5\n");
  EXPECT_DOUBLE_EQ(options.models[0].input_usd, 3);
  EXPECT_DOUBLE_EQ(options.models[0].output_usd, 0.5);
}

TEST(ConfigRead, NamesUnknownKeysAndTheNearestKnownOne) {
  EXPECT_EQ(Refused("[server]\nlisen = \"127.0.0.1:1\"\n"),
            "config.toml:2: server.lisen: unknown key; did you mean \"listen\"?");
  EXPECT_EQ(Refused("[sever]\n"), "config.toml:1: sever: unknown key; did you mean \"server\"?");
  EXPECT_EQ(Refused("[nonsense]\n"), "config.toml:1: nonsense: unknown key");
  EXPECT_EQ(Refused("[routing]\n[[routing.tasks]]\nname='a'\nmodle='b'\n"),
            "config.toml:2: routing.tasks[0].model: required\n"
            "config.toml:4: routing.tasks[0].modle: unknown key; did you mean \"model\"?");
}

struct BadValue {
  std::string_view toml, problem;
};

TEST(ConfigRead, SaysWhatWasExpectedAndWhatCame) {
  const BadValue cases[] = {
      {"[server]\nthreads = \"two\"",
       "server.threads: expected an integer from 0 to 1024, got \"two\""},
      {"[server]\nthreads = -1", "server.threads: expected an integer from 0 to 1024, got -1"},
      {"[server]\nthreads = 1.5", "got 1.5"},
      {"[server]\nlisten = 8700", "server.listen: expected a string, got 8700"},
      {"[server]\nmax_body_bytes = \"32 MB/s\"", "like \"32MiB\", from 1024 to"},
      {"[server]\nmax_body_bytes = \"99999999999999GiB\"", "expected bytes"},
      {"[server]\nmax_body_bytes = \"-1KiB\"", "expected bytes"},
      {"[server]\nheader_timeout_s = \"10s\"", "expected an integer"},
      {"[record]\nenabled = \"yes\"", "record.enabled: expected true or false, got \"yes\""},
      {"[record]\nmode = \"strct\"", "did you mean \"strict\"?"},
      {"[auth]\napi_keys = \"a\"", "auth.api_keys: expected a list of strings"},
      {"[auth]\napi_keys = [1]", "auth.api_keys: expected a list of strings, got"},
      {"server = 1", "server: expected a table [server], got an integer"},
      {"[models]\nname = 'a'", "models: expected tables [[models]], got a table"},
      {"models = [1, 2]", "models: expected tables [[models]]"},
      {"models = [{name='a', kind='replay', file='f', input_usd=nan}]",
       "input_usd: expected a number"},
      {"[log]\nlevel = 1979-05-27", "got a date or time"},
  };
  for (const BadValue& bad : cases) EXPECT_THAT(Refused(bad.toml), HasSubstr(bad.problem));
}

TEST(ConfigRead, TellsAllProblemsInTheOrderOfTheFile) {
  EXPECT_EQ(Refused("[log]\nlevel = \"loud\"\n[server]\nthreads = true\nthread = 1\n"),
            "config.toml:2: log.level: expected one of \"debug\", \"info\", \"warn\", \"error\", "
            "\"off\", got \"loud\"\n"
            "config.toml:4: server.threads: expected an integer from 0 to 1024, got true\n"
            "config.toml:5: server.thread: unknown key; did you mean \"threads\"?");
}

TEST(ConfigRead, KeysOfAnotherKindOfModelAreNamed) {
  EXPECT_THAT(Refused("[[models]]\nname='a'\nkind='replay'\nfile='f'\nurl='http://x'\n"),
              HasSubstr("config.toml:5: models[0].url: only models of kind \"openai\" have it"));
  EXPECT_THAT(Refused("[[models]]\nname='a'\nkind='replay'\nfile='f'\n[[models.adapters]]\n"
                      "name='x'\npath='y'\n"),
              HasSubstr("models[0].adapters: only models of kind \"local\""));
}

TEST(ConfigRead, BrokenTomlNamesItsLine) {
  EXPECT_THAT(Refused("[server]\nlisten = \n"), HasSubstr("config.toml:2: not TOML: "));
  EXPECT_THAT(Refused("a = 1\na = 2\n"), HasSubstr("config.toml:2: not TOML: "));
  EXPECT_THAT(Refused("x = \"\xff\"\n"), HasSubstr("not TOML"));
  EXPECT_THAT(Refused("x = " + std::string(100'000, '[')), HasSubstr("not TOML"));
}

TEST(ConfigRead, NeverEchoesWhatMayBeASecret) {
  const std::string problems = Refused(R"(
[auth]
api_keys = ["sk-hunter2"]
[[models]]
name = "gpt"
kind = "openai"
url = "https://user:hunter2@host/v1"
api_key = "sk-hunter2"
headers = ["X-Api-Key: hunter2", "hunter2"]
[[models]]
name = "b"
kind = "openai"
url = "https://host"
api_key = ["hunter2"]
headers = "X-Api-Key: hunter2"
)");
  EXPECT_THAT(problems, Not(HasSubstr("hunter2")));
  EXPECT_THAT(problems, HasSubstr("models[0].api_key: expected \"env:NAME\""));
  EXPECT_THAT(problems, HasSubstr("models[0].url: has credentials in it"));
}

TEST(ConfigRead, LoadsFromTheWorkspaceOrSaysHowToMakeOne) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "config_read_test";
  std::filesystem::remove_all(folder);
  const auto missing = LoadConfig(folder);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().mend, HasSubstr("understudy init"));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.toml") << "[server]\nthreads = 2\n";
  const auto loaded = LoadConfig(folder);
  ASSERT_TRUE(loaded) << loaded.error().ToString();
  EXPECT_EQ(loaded->server.threads, 2);
  EXPECT_EQ(loaded->workspace, folder.lexically_normal().string());
}

}  // namespace
}  // namespace understudy
