#include "flywheel/stage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/ids.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "in.txt", "input"));
    spec_.name = "copy";
    spec_.version = "1";
    spec_.parameters = {{"n", 3}};
    spec_.inputs = {folder_ / "in.txt"};
    place_.workspace = folder_.string();
  }

  Result<StageResult> Run(std::string_view text = "output") {
    return RunStage(spec_, place_, hooks_, [&](StageRun& run) -> Status {
      ++runs_;
      resumed_ = run.resumed();
      TRY_VOID(WriteFileAtomically(run.folder() / ".scratch", "gone"));
      TRY_VOID(WriteFileAtomically(run.folder() / "out.txt", text));
      run.Count("lines", 1);
      return run.Step("Copying", 1, 2);
    });
  }
  std::string Read(const fs::path& path) { return ReadFile(path).value_or("(none)"); }
  // Names in a folder.
  std::vector<std::string> List(const fs::path& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  TempFolder folder_;
  StageSpec spec_;
  StagePlace place_;
  StageHooks hooks_;
  int runs_ = 0;
  bool resumed_ = false;
};

TEST_F(StageTest, PublishesFilesWithWhatTheyWereMadeFrom) {
  ManualClock clock;
  hooks_.clock = &clock;
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().ToString();
  const std::string hash = StageHash(spec_, {Sha256Hex("input")});
  EXPECT_EQ(done->folder, folder_ / ("runs/copy/" + hash));
  EXPECT_THAT(List(done->folder), testing::ElementsAre("meta.json", "out.txt"));
  const json::value meta = ParseJson(Read(done->folder / "meta.json")).value();
  EXPECT_EQ(meta, json::value(done->meta));
  EXPECT_EQ(
      CanonicalJson(meta),
      CanonicalJson(json::object{
          {"stage", "copy"},
          {"version", "1"},
          {"hash", hash},
          {"parameters", {{"n", 3}}},
          {"seed", 0},
          {"started", FormatWallMs(clock.WallMs())},
          {"seconds", 0},
          {"counts", {{"lines", 1}}},
          {"inputs",
           json::array{{{"file", "in.txt"}, {"bytes", 5}, {"sha256", Sha256Hex("input")}}}},
          {"outputs",
           json::array{{{"file", "out.txt"}, {"bytes", 6}, {"sha256", Sha256Hex("output")}}}}}));
}

TEST_F(StageTest, WhatIsDoneIsNotDoneAgain) {
  ASSERT_TRUE(Run());
  const auto again = Run();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(runs_, 1);
  place_.force = true;
  EXPECT_FALSE(Run("other")->unchanged);
  EXPECT_EQ(Read(again->folder / "out.txt"), "other");
  EXPECT_EQ(runs_, 2);
}

TEST_F(StageTest, AnyChangeMakesAnotherRun) {
  const fs::path first = Run()->folder;
  spec_.seed = 1;
  EXPECT_NE(Run()->folder, first);
  spec_.seed = 0;
  spec_.parameters["n"] = 4;
  EXPECT_NE(Run()->folder, first);
  spec_.parameters["n"] = 3;
  spec_.version = "2";
  EXPECT_NE(Run()->folder, first);
  spec_.version = "1";
  ASSERT_TRUE(WriteFileAtomically(folder_ / "in.txt", "Input"));
  EXPECT_NE(Run()->folder, first);
  EXPECT_EQ(runs_, 5);
}

TEST_F(StageTest, ARunThatLostAFileIsDoneAgain) {
  const fs::path where = Run()->folder;
  fs::remove(where / "out.txt");
  EXPECT_FALSE(Run()->unchanged);
  EXPECT_EQ(Read(where / "out.txt"), "output");
}

TEST_F(StageTest, AFolderOfOnesOwnIsReplacedOnlyWhereTheStageWroteIt) {
  place_.out = folder_ / "data/";
  ASSERT_TRUE(Run());
  EXPECT_EQ(Read(folder_ / "data/out.txt"), "output");
  spec_.seed = 9;
  ASSERT_TRUE(Run("new"));
  EXPECT_EQ(Read(folder_ / "data/out.txt"), "new");
  EXPECT_THAT(List(folder_.string()), testing::ElementsAre("data", "in.txt"));
  fs::create_directory(folder_ / "mine");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "mine/letter.txt", "dear"));
  place_.out = folder_ / "mine";
  const auto refused = Run();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("something else"));
  EXPECT_EQ(Read(folder_ / "mine/letter.txt"), "dear");
}

TEST_F(StageTest, AStoppedRunLeavesNothingAndKeepsTheOldOne) {
  place_.out = folder_ / "data";
  ASSERT_TRUE(Run());
  spec_.seed = 1;
  hooks_.stop = [this] { return runs_ == 2; };
  const auto stopped = Run("half");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(Read(folder_ / "data/out.txt"), "output");
  EXPECT_THAT(List(folder_.string()), testing::ElementsAre("data", "in.txt"));
}

TEST_F(StageTest, AStageThatResumesFindsWhatItLeft) {
  spec_.resumes = true;
  hooks_.stop = [this] { return runs_ == 1; };
  ASSERT_FALSE(Run());
  hooks_.stop = nullptr;
  ASSERT_TRUE(Run());
  EXPECT_TRUE(resumed_);
  spec_.seed = 1;
  ASSERT_TRUE(Run());
  EXPECT_FALSE(resumed_);
}

TEST_F(StageTest, TwoRunsInOnePlaceDoNotMeet) {
  place_.out = folder_ / "data";
  fs::create_directory(folder_ / "data.part");
  const int held = ::open((folder_ / "data.part").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  const auto second = Run();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  ::close(held);
  EXPECT_TRUE(Run());  // what a killed run left is no obstacle
}

TEST_F(StageTest, MissingInputsAreNamed) {
  spec_.inputs = {folder_ / "no.txt"};
  const auto failed = Run();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().ToString(), HasSubstr("no.txt"));
  EXPECT_EQ(runs_, 0);
}

}  // namespace
}  // namespace understudy
