#include "cli/doctor.h"

#include <sys/stat.h>

#include "base/config.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"
#include "cli/serve_file.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using testing::HasSubstr;

class DoctorTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0); }
  void Write(std::string_view toml) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", toml, 0600));
  }
  Options Loaded() {
    auto options = LoadConfig(folder_.string());
    EXPECT_TRUE(options) << options.error().ToString();
    return options.value_or(Options());
  }
  // The only finding of this name.
  Finding The(const Findings& findings, std::string_view name) {
    const auto found = std::ranges::find(findings, name, &Finding::name);
    EXPECT_NE(found, findings.end()) << name;
    return found == findings.end() ? Finding() : *found;
  }
  TempFolder folder_;
  std::optional<Options> options_;
};

TEST_F(DoctorTest, AFreshWorkspaceIsHealthy) {
  Write(
      "[server]\nlisten = \"127.0.0.1:0\"\n[[models]]\nname = \"a\"\nkind = \"openai\"\n"
      "url = \"http://h/v1\"\n");
  const Ran ran = RunCli({"doctor", "-w", folder_.string(), "--json"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const auto report = ParseJson(ran.out);
  ASSERT_TRUE(report);
  EXPECT_TRUE(BoolOr(*report, "ok", false));
  EXPECT_GE(report->at("findings").as_array().size(), 9U);
}

TEST_F(DoctorTest, WithoutAWorkspaceItFailsAndSaysWhatToDo) {
  const Ran ran = RunCli({"doctor", "-w", (folder_ / "none").string()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("-> understudy init " + (folder_ / "none").string()));
}

TEST_F(DoctorTest, ABrokenConfigFailsWithItsLines) {
  Write("[server]\nthreads = \"two\"\n");
  const Findings found = CheckWorkspace(folder_.string(), options_);
  EXPECT_EQ(The(found, "config").health, Health::kFail);
  EXPECT_THAT(The(found, "config").detail, HasSubstr("config.toml:2"));
  EXPECT_FALSE(options_);
}

TEST_F(DoctorTest, OpenKeyFilesFailWithTheCommandThatClosesThem) {
  ASSERT_EQ(::chmod((folder_ / "keys/origin.key").c_str(), 0644), 0);
  const Finding key = The(CheckWorkspace(folder_.string(), options_), "origin key");
  EXPECT_EQ(key.health, Health::kFail);
  EXPECT_EQ(key.mend, "chmod 600 " + (folder_ / "keys/origin.key").string());
}

TEST_F(DoctorTest, AForeignFileInTheStoresPlaceFails) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "store.db", "this is no database, not at all"));
  EXPECT_EQ(The(CheckWorkspace(folder_.string(), options_), "store").health, Health::kFail);
}

TEST_F(DoctorTest, MissingSecretsAndFilesFail) {
  ::unsetenv("UNDERSTUDY_TEST_UNSET");
  Write(
      "[[models]]\nname = \"a\"\nkind = \"openai\"\nurl = \"http://h/v1\"\n"
      "api_key = \"env:UNDERSTUDY_TEST_UNSET\"\n"
      "[[models]]\nname = \"b\"\nkind = \"replay\"\nfile = \"none.jsonl\"\n"
      "[[models]]\nname = \"c\"\nkind = \"local\"\ngguf = \"none.gguf\"\n");
  const Findings found = CheckModels(Loaded(), false);
  EXPECT_EQ(The(found, "a").health, Health::kFail);
  EXPECT_THAT(The(found, "a").detail, HasSubstr("UNDERSTUDY_TEST_UNSET"));
  EXPECT_EQ(The(found, "b").health, Health::kFail);
  EXPECT_EQ(The(found, "c").health, Health::kFail);
}

TEST_F(DoctorTest, OnlineAsksTheUpstreams) {
  TestServer good([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, "{\"data\":[]}"));
  });
  TestServer picky(
      [](const TestMessage&, TestSocket& client) { client.Send(TestAnswer(401, "{}")); });
  Write(
      fmt::format("[[models]]\nname = \"a\"\nkind = \"openai\"\nurl = \"{}/v1\"\n"
                  "[[models]]\nname = \"b\"\nkind = \"openai\"\nurl = \"{}/v1\"\n"
                  "[[models]]\nname = \"c\"\nkind = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\n",
                  good.url(), picky.url()));
  const Findings found = CheckModels(Loaded(), true);
  EXPECT_EQ(The(found, "a").health, Health::kOk);
  EXPECT_EQ(The(found, "b").health, Health::kWarn);
  EXPECT_EQ(The(found, "c").health, Health::kFail);
}

TEST_F(DoctorTest, ATakenPortFailsUnlessItIsOurs) {
  TestServer other([](const TestMessage&, TestSocket&) {});
  Write(fmt::format("[server]\nlisten = \"127.0.0.1:{}\"\n", other.port()));
  EXPECT_EQ(CheckNetwork(Loaded())[0].health, Health::kFail);
  auto lock = ServeLock::Take(folder_.string());
  ASSERT_TRUE(lock);
  ASSERT_TRUE(lock->Publish({::getpid(), other.url(), 1}));
  EXPECT_EQ(CheckNetwork(Loaded())[0].health, Health::kOk);
}

TEST_F(DoctorTest, TheMachineIsDescribed) {
  const Findings found = CheckMachine(folder_.string());
  EXPECT_THAT(The(found, "processor").detail, HasSubstr("cores"));
  EXPECT_THAT(The(found, "memory").detail, HasSubstr("available"));
  EXPECT_THAT(The(CheckMachine((folder_ / "not/yet").string()), "disk").detail, HasSubstr("free"));
}

TEST_F(DoctorTest, AMissingLlamaServerMattersOnlyToLocalModels) {
  Options options = Loaded();
  options.runtime.llama_server = (folder_ / "no-such-program").string();
  EXPECT_EQ(CheckDependencies(folder_.string(), &options, false)[0].health, Health::kWarn);
  options.models[0].kind = "local";
  EXPECT_EQ(CheckDependencies(folder_.string(), &options, false)[0].health, Health::kFail);
}

TEST(ServeLockTest, OnlyOneServesAndAStaleFileIsIgnored) {
  const TempFolder folder;
  const std::filesystem::path workspace = folder.string();
  ASSERT_TRUE(MakeFolders(workspace / "run"));
  ASSERT_TRUE(WriteFileAtomically(workspace / "run/serve.json",
                                  R"({"pid":1,"url":"http://127.0.0.1:1","started_ms":1})"));
  EXPECT_FALSE(FindServe(workspace));
  {
    auto lock = ServeLock::Take(workspace);
    ASSERT_TRUE(lock);
    EXPECT_FALSE(FindServe(workspace));  // nothing published yet
    ASSERT_TRUE(lock->Publish({42, "http://127.0.0.1:8700", 7}));
    EXPECT_EQ(FindServe(workspace)->pid, 42);
    const auto second = ServeLock::Take(workspace);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(second.error().ToString(), HasSubstr("process 42 at http://127.0.0.1:8700"));
  }
  EXPECT_FALSE(std::filesystem::exists(workspace / "run/serve.json"));
  EXPECT_TRUE(ServeLock::Take(workspace));
}

TEST(ServeLockTest, AHostileServeFileIsNoGateway) {
  const TempFolder folder;
  const std::filesystem::path workspace = folder.string();
  auto lock = ServeLock::Take(workspace);
  ASSERT_TRUE(lock);
  for (const char* text :
       {"", "[", "{}", R"({"pid":"x","url":1})", R"({"pid":-1,"url":"http://h"})"}) {
    ASSERT_TRUE(WriteFileAtomically(workspace / "run/serve.json", text));
    EXPECT_FALSE(FindServe(workspace)) << text;
  }
}

}  // namespace
}  // namespace understudy
