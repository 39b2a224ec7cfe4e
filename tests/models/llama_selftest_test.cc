#include "models/llama_selftest.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/llama.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

class LlamaSelftestTest : public ::testing::Test {
 protected:
  TempFolder folder_;
};

TEST_F(LlamaSelftestTest, ThisMachinesPasses) {
  SKIP_WITHOUT_LLAMA_SERVER();
  const auto report = RunLlamaSelftest(FindLlamaServerPath("").value());
  EXPECT_EQ(report.checks.size(), 5u);
  for (const auto& check : report.checks) {
    EXPECT_TRUE(check.passed) << check.name << ": " << check.detail;
  }
  EXPECT_TRUE(report.passed());
}

TEST_F(LlamaSelftestTest, RunsOnceAVersion) {
  SKIP_WITHOUT_LLAMA_SERVER();
  // A program that counts how often it serves.
  const auto program = folder_ / "llama-server";
  const std::string script = "#!/bin/sh\necho run >> " + (folder_ / "runs").string() + "\nexec " +
                             FindLlamaServerPath("")->string() + " \"$@\"\n";
  ASSERT_TRUE(WriteFileAtomically(program, script, 0755).has_value());
  const auto runs = [this] { return ReadFile(folder_ / "runs").value_or("").size() / 4; };
  for (int i = 0; i < 2; ++i) {
    const auto status = EnsureLlamaSelftest({program, "1.0"}, folder_ / "cache");
    EXPECT_TRUE(status.has_value()) << status.error().ToString();
    EXPECT_EQ(runs(), 1u);
  }
  EXPECT_TRUE(EnsureLlamaSelftest({program, "1.1"}, folder_ / "cache").has_value());
  EXPECT_EQ(runs(), 2u) << "another version is tested again";
}

TEST_F(LlamaSelftestTest, OneThatDoesNotStartFailsAndIsNotNoted) {
  const auto program = folder_ / "llama-server";
  ASSERT_TRUE(
      WriteFileAtomically(program, "#!/bin/sh\necho error: no >&2\nexit 3\n", 0755).has_value());
  const auto status = EnsureLlamaSelftest({program, "1.0"}, folder_ / "cache");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(status.error().message, HasSubstr("exit status 3"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cache"));
}

TEST_F(LlamaSelftestTest, OneThatIgnoresAdaptersIsCaught) {
  SKIP_WITHOUT_LLAMA_SERVER();
  // Drops --lora-scaled and its value: every adapter answers as the base does.
  const auto program = folder_ / "llama-server";
  const std::string script = R"(#!/bin/sh
for argument do
  shift
  [ "$argument" = --lora-scaled ] && skip=1 && continue
  [ -n "$skip" ] && skip= && continue
  set -- "$@" "$argument"
done
exec )" + FindLlamaServerPath("")->string() +
                             " \"$@\"\n";
  ASSERT_TRUE(WriteFileAtomically(program, script, 0755).has_value());
  const auto report = RunLlamaSelftest(program);
  EXPECT_FALSE(report.passed());
  ASSERT_EQ(report.checks.size(), 5u);
  EXPECT_TRUE(report.checks[0].passed) << report.checks[0].detail;
  EXPECT_FALSE(report.checks[1].passed) << "adapters stay apart";
}

}  // namespace
}  // namespace understudy
