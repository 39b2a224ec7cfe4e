// The commands that start understudy-train, with a script in its place.
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "cli/process.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::HasSubstr;

// A copy of the program in a folder of its own, where we decide what stands beside it.
class TuneTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "bin");
    std::filesystem::create_directories(folder_ / "path");
    std::filesystem::copy_file(UnderstudyBinary(), Program());
    const char* path = std::getenv("PATH");
    path_ = path ? path : "";
    ::setenv("PATH", fmt::format("{}:{}", (folder_ / "path").string(), path_).c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

  std::filesystem::path Program() const { return folder_ / "bin/understudy"; }
  void WriteScript(const std::string& where, const std::string& text) {
    std::ofstream(folder_ / where) << "#!/bin/sh\n" << text << "\n";
    ::chmod((folder_ / where).c_str(), 0755);
  }
  std::vector<std::string> Command(std::vector<std::string> args) const {
    args.insert(args.begin(), Program().string());
    return args;
  }
  const std::vector<std::string> kTune{"tune",  "--base", "b c.gguf", "--data", "d",
                                       "--out", "o",      "--rank",   "4"};

  TempFolder folder_;
  std::string path_;
};

TEST_F(TuneTest, PassesArgumentsOutputAndExitCodeOn) {
  WriteScript("bin/understudy-train",
              "for word in \"$@\"; do echo \"<$word>\"; done\n"
              "echo aside >&2\nexit 7");
  Process process(Command(kTune));
  EXPECT_EQ(process.Wait(), 7);
  EXPECT_EQ(process.out(), "<tune>\n<--base=b c.gguf>\n<--data=d>\n<--out=o>\n<--rank=4>\n");
  EXPECT_EQ(process.err(), "aside\n");
}

TEST_F(TuneTest, LooksOnThePathToo) {
  WriteScript("path/understudy-train", "echo \"from the path: $*\"");
  Process process(Command({"pretrain", "--recipe", "r.toml", "--out", "o"}));
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(process.out(), "from the path: pretrain --recipe=r.toml --out=o\n");
}

TEST_F(TuneTest, SaysHowToGetItWhereItIsMissing) {
  ::setenv("PATH", (folder_ / "path").c_str(), 1);
  Process process(Command(kTune));
  EXPECT_EQ(process.Wait(), 4);
  EXPECT_THAT(process.err(), HasSubstr("there is no program understudy-train"));
  EXPECT_THAT(process.err(), HasSubstr("libtorch-dev"));
}

TEST_F(TuneTest, PassesSignalsOn) {
  const std::string ready = (folder_ / "ready").string();
  WriteScript("bin/understudy-train", "trap 'echo stopped; exit 130' TERM INT\n: > '" + ready +
                                          "'\nwhile :; do sleep 0.05; done");
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove(ready);
    Process process(Command(kTune));
    for (int i = 0; i < 2000 && !std::filesystem::exists(ready); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    process.Signal(signal);
    EXPECT_EQ(process.Wait(), 130);
    EXPECT_EQ(process.out(), "stopped\n");
  }
}

TEST_F(TuneTest, ChecksBeforeItStarts) {
  const Ran nowhere = RunCli({"tune", "--base", "b", "--data", "d"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("nothing says where the adapter goes"));
  EXPECT_EQ(RunCli({"tune", "--base", "b", "--data", "d", "--out", "o", "--rank", "0"}).code, 2);
  EXPECT_EQ(RunCli({"pretrain"}).code, 2);
  // A task's version needs a workspace that exists.
  const Ran lost = RunCli({"tune", "--base", "b", "--data", "d", "--task", "t", "--workspace",
                           (folder_ / "none").string()});
  EXPECT_EQ(lost.code, 4);
}

TEST_F(TuneTest, FindsTheWorkspaceForATask) {
  ASSERT_EQ(RunCli({"init", (folder_ / "space").string()}).code, 0);
  WriteScript("bin/understudy-train", "echo \"$*\"");
  Process process(Command({"tune", "--base", "b", "--data", "d", "--task", "t", "--workspace",
                           (folder_ / "space").string()}));
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_THAT(process.out(), HasSubstr("--workspace=" + (folder_ / "space").string()));
}

}  // namespace
}  // namespace understudy
