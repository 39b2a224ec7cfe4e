#include "support/golden.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "support/paths.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kFile = "support/golden/poem.txt";

std::string Poem() {
  return ReadFile(SourceFolder() / "tests" / kFile).value();
}

// Whoever updates golden files must not change this test's own, so each case starts without the
// switch.
class Golden : public testing::Test {
 protected:
  Golden() {
    unsetenv("UNDERSTUDY_UPDATE_GOLDEN");
    unsetenv("CI");
  }
};

TEST_F(Golden, EqualBytesMatch) {
  EXPECT_TRUE(MatchesGolden(kFile, Poem()));
}

TEST_F(Golden, NamesTheFirstDifferentLine) {
  std::string changed = Poem();
  changed.replace(changed.find("wings"), 5, "ropes");
  EXPECT_THAT(MatchesGolden(kFile, changed).message(),
              AllOf(HasSubstr("line 2"), HasSubstr("wings"), HasSubstr("ropes"),
                    HasSubstr("UNDERSTUDY_UPDATE_GOLDEN=1")));
}

TEST_F(Golden, TellsAMissingEnd) {
  EXPECT_THAT(MatchesGolden(kFile, "").message(), HasSubstr("actual:   (the end)"));
  EXPECT_THAT(MatchesGolden(kFile, Poem() + "more\n").message(), HasSubstr("expected: (the end)"));
}

TEST_F(Golden, TellsAMissingNewline) {
  std::string poem = Poem();
  poem.pop_back();
  EXPECT_THAT(MatchesGolden(kFile, poem).message(), HasSubstr("newline"));
}

TEST_F(Golden, AMissingFileFails) {
  EXPECT_THAT(MatchesGolden("support/golden/none.txt", "x").message(), HasSubstr("none.txt"));
}

TEST_F(Golden, TheSwitchWritesTheFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / fmt::format("golden.{}", getpid());
  setenv("UNDERSTUDY_UPDATE_GOLDEN", "1", 1);
  EXPECT_TRUE(MatchesGolden(path.string(), "new\n"));
  unsetenv("UNDERSTUDY_UPDATE_GOLDEN");
  EXPECT_TRUE(MatchesGolden(path.string(), "new\n"));
  std::filesystem::remove(path);
}

TEST_F(Golden, TheSwitchIsRefusedUnderCi) {
  setenv("CI", "true", 1);
  setenv("UNDERSTUDY_UPDATE_GOLDEN", "1", 1);
  EXPECT_THAT(MatchesGolden(kFile, "x").message(), HasSubstr("refused under CI"));
}

}  // namespace
}  // namespace understudy
