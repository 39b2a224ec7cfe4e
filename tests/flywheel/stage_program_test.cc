// Programs that do a stage's work, played by the shell.
#include "flywheel/stage_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

namespace understudy {
namespace {

using ::testing::HasSubstr;

Status RunShell(const std::string& script, std::vector<json::object>* lines = nullptr,
                const std::function<bool()>& stop = nullptr) {
  return RunStageProgram(
      {"/bin/sh", "-c", script},
      [lines](const json::object& line) {
        if (lines) lines->push_back(line);
      },
      stop);
}

TEST(StageProgram, GivesEveryJsonLine) {
  std::vector<json::object> lines;
  const Status done = RunShell(
      R"(echo '{"a":1}'; echo words >&2; echo '[1]'; echo '{"broken'; printf '{"a":2}')", &lines);
  ASSERT_TRUE(done) << done.error().ToString();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(IntOr(lines[0], "a", 0), 1);
  EXPECT_EQ(IntOr(lines[1], "a", 0), 2);
}

TEST(StageProgram, AFailureRepeatsTheLastWords) {
  const Status done = RunShell("echo first >&2; echo 'no such base' >&2; exit 3");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().ToString(), HasSubstr("sh ended with exit status 3"));
  EXPECT_THAT(done.error().ToString(), HasSubstr("no such base"));
}

TEST(StageProgram, AProgramThatIsNotThereSaysSo) {
  const Status done = RunStageProgram({"/no/such/program"}, [](const json::object&) {}, nullptr);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kUnavailable);
}

TEST(StageProgram, AStopEndsItKindly) {
  std::vector<json::object> lines;
  const auto begun = std::chrono::steady_clock::now();
  const Status done = RunShell(
      R"(trap 'echo "{\"saved\":true}"; exit 0' TERM; echo '{"begun":true}'; while :; do sleep 0.05; done)",
      &lines, [&] { return !lines.empty(); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kCancelled);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(BoolOr(lines[1], "saved", false));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

}  // namespace
}  // namespace understudy
