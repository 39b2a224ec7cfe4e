#include "flywheel/tune/lessons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> NamesOf(const std::vector<Lesson>& lessons) {
  std::vector<std::string> names;
  for (const Lesson& lesson : lessons) names.push_back(lesson.name);
  return names;
}

const std::vector<Learner> kLearners = {
    {"t-1", "tool_call"}, {"t-2", "label"}, {"t-3", "tool_call"}, {"t-4", "json"}};

TEST(Lessons, EachTaskItsOwn) {
  EXPECT_THAT(NamesOf(PlanLessons(kLearners, AdapterSharing::kEach)),
              ElementsAre("t-1", "t-2", "t-3", "t-4"));
}

TEST(Lessons, TasksOfAKindTogetherAndALoneOneByItsOwnName) {
  const auto lessons = PlanLessons(kLearners, AdapterSharing::kKind);
  EXPECT_THAT(NamesOf(lessons), ElementsAre("all-tool_call", "t-2", "t-4"));
  EXPECT_THAT(lessons.front().tasks, ElementsAre("t-1", "t-3"));
}

TEST(Lessons, AnUnknownSharingSaysWhichThereAre) {
  const auto sharing = ParseAdapterSharing("all");
  ASSERT_FALSE(sharing);
  EXPECT_THAT(sharing.error().message, HasSubstr("\"all\""));
  EXPECT_THAT(sharing.error().mend, HasSubstr("kind"));
}

class MixTest : public testing::Test {
 protected:
  fs::path Task(const std::string& name, const std::string& train, const std::string& valid) {
    const fs::path folder = folder_ / name;
    EXPECT_TRUE(MakeFolders(folder));
    EXPECT_TRUE(WriteFileAtomically(folder / "train.jsonl", train));
    if (valid.empty()) return folder;
    EXPECT_TRUE(WriteFileAtomically(folder / "valid.jsonl", valid));
    return folder;
  }
  StagePlace Place() { return {.workspace = folder_.string(), .out = {}}; }

  TempFolder folder_;
};

TEST_F(MixTest, RowsOfAllOnceAndNothingDoneTwice) {
  const std::vector<fs::path> tasks = {Task("a", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n"),
                                       Task("b", "{\"b\":1}", "{\"b\":2}\n")};
  const auto mixed = MixExamples(tasks, Place(), {});
  ASSERT_TRUE(mixed) << mixed.error().ToString();
  EXPECT_EQ(ReadFile(mixed->folder / "train.jsonl"), "{\"a\":1}\n{\"a\":2}\n{\"b\":1}\n");
  EXPECT_EQ(ReadFile(mixed->folder / "valid.jsonl"), "{\"a\":3}\n{\"b\":2}\n");
  const auto again = MixExamples(tasks, Place(), {});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->unchanged);
}

TEST_F(MixTest, AFolderWithoutValidationIsNamed) {
  const auto mixed = MixExamples({Task("a", "{}\n", "{}\n"), Task("b", "{}\n", "")}, Place(), {});
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().ToString(), HasSubstr("b/valid.jsonl"));
}

}  // namespace
}  // namespace understudy
