#include "models/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/llama.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kPatienceMs = 60'000;

std::string Shell(const std::string& script) {
  const auto output = OutputOf({"/bin/sh", "-c", script}, kPatienceMs);
  EXPECT_TRUE(output.has_value()) << output.error().ToString();
  return output.value_or("");
}

TEST(ChildProcess, GivesBothOutputsAndAnEmptyInput) {
  EXPECT_EQ(Shell("cat; echo out; echo err >&2"), "out\nerr\n");
}

TEST(ChildProcess, ThereIsNoSecretInItsEnvironment) {
  ::setenv("OPENAI_API_KEY", "sk-secret", 1);
  ::setenv("LLAMA_ARG_PORT", "1", 1);
  ::setenv("GGML_TEST", "kept", 1);
  const std::string environment = Shell("env");
  EXPECT_THAT(environment, Not(HasSubstr("sk-secret")));
  EXPECT_THAT(environment, Not(HasSubstr("LLAMA_ARG_PORT")));
  EXPECT_THAT(environment, HasSubstr("GGML_TEST=kept"));
  EXPECT_THAT(environment, HasSubstr("PATH="));
  ::unsetenv("OPENAI_API_KEY");
  ::unsetenv("LLAMA_ARG_PORT");
  ::unsetenv("GGML_TEST");
}

TEST(ChildProcess, InheritsNoDescriptor) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(leaky, 0);
  // `ls` itself holds 3 for the folder it lists.
  EXPECT_EQ(Shell("exec ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ");
  ::close(leaky);
}

TEST(ChildProcess, IgnoredAndBlockedSignalsAreResetForIt) {
  const auto before = ::signal(SIGTERM, SIG_IGN);
  auto child = ChildProcess::Start({"/bin/sh", "-c", "while :; do sleep 0.02; done"});
  ::signal(SIGTERM, before);
  ASSERT_TRUE(child.has_value());
  child->Signal(SIGTERM);
  pollfd end{child->process_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, kPatienceMs), 1);
  EXPECT_THAT(child->Ended().value(), HasSubstr("signal 15"));
}

TEST(ChildProcess, HasAProcessGroupOfItsOwn) {
  auto child = ChildProcess::Start({"/bin/sleep", "1000"});
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(::getpgid(child->pid()), child->pid());
  EXPECT_EQ(child->Ended(), std::nullopt);
}

TEST(ChildProcess, GoesWithItsObject) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::Start({"/bin/sleep", "1000"});
    ASSERT_TRUE(child.has_value());
    pid = child->pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1) << "neither alive nor a zombie";
}

TEST(ChildProcess, TellsHowItEnded) {
  auto child = ChildProcess::Start({"/bin/sh", "-c", "exit 7"});
  ASSERT_TRUE(child.has_value());
  pollfd end{child->process_fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, kPatienceMs), 1);
  EXPECT_EQ(child->Ended(), "exit status 7");
  EXPECT_EQ(child->Ended(), "exit status 7") << "also when asked again";
  child->Signal(SIGKILL);  // must not hit another process with the old number
}

TEST(ChildProcess, SaysWhyItCannotStart) {
  const auto missing = ChildProcess::Start({"/nonexistent"});
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  const auto folder = ChildProcess::Start({"/tmp"});
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.error().message, HasSubstr("Permission denied"));
}

TEST(ChildProcess, OutputOfEndsWhatTakesTooLong) {
  const auto output = OutputOf({"/bin/sleep", "1000"}, 50);
  ASSERT_FALSE(output.has_value());
  EXPECT_EQ(output.error().kind, ErrorKind::kTimeout);
}

}  // namespace
}  // namespace understudy
