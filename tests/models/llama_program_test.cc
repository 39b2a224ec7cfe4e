#include "models/llama_program.h"

#include <unistd.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Environment variables as they were, whatever a test did.
class Restore {
 public:
  explicit Restore(const char* name) : name_(name) {
    if (const char* value = std::getenv(name)) value_ = value;
  }
  ~Restore() { value_ ? ::setenv(name_, value_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> value_;
};

class LlamaProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("UNDERSTUDY_BUNDLE", (folder_ / "bundle").c_str(), 1);
    ::setenv("PATH", ("/usr/bin:/bin:" + (folder_ / "bin").string()).c_str(), 1);
  }

  // A program that tells a version and counts its runs.
  void Write(const fs::path& path, const std::string& version) {
    fs::create_directories(path.parent_path());
    const std::string script = "#!/bin/sh\necho run >> " + (folder_ / "runs").string() +
                               "\necho 'version: " + version + "'\n";
    ASSERT_TRUE(WriteFileAtomically(path, script, 0755).has_value());
  }
  size_t Runs() {
    const auto runs = ReadFile(folder_ / "runs");
    return runs ? runs->size() / 4 : 0;
  }

  TempFolder folder_;
  Restore path_{"PATH"}, bundle_{"UNDERSTUDY_BUNDLE"};
};

TEST_F(LlamaProgramTest, ConfiguredBeforePathBeforeBundle) {
  const auto none = FindLlamaServerPath("");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(none.error().mend, HasSubstr("scripts/llama-server-bundle"));
  Write(folder_ / "bundle/bin/llama-server", "1");
  EXPECT_EQ(FindLlamaServerPath("").value(), folder_ / "bundle/bin/llama-server");
  Write(folder_ / "bin/llama-server", "2");
  EXPECT_EQ(FindLlamaServerPath("").value(), folder_ / "bin/llama-server");
  Write(folder_ / "mine", "3");
  EXPECT_EQ(FindLlamaServerPath((folder_ / "mine").string()).value(), folder_ / "mine");
}

TEST_F(LlamaProgramTest, AConfiguredPathIsNotReplaced) {
  Write(folder_ / "bin/llama-server", "2");
  const auto found = FindLlamaServerPath((folder_ / "absent").string());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().where, "runtime.llama_server");
}

TEST_F(LlamaProgramTest, AsksForTheVersionOnceUntilTheFileChanges) {
  const fs::path program = folder_ / "bin/llama-server";
  Write(program, "0.7.0 (build 1)");
  for (int i = 0; i < 3; ++i) {
    const auto found = FindLlamaServer("", folder_ / "cache");
    ASSERT_TRUE(found.has_value()) << found.error().ToString();
    EXPECT_EQ(found->version, "0.7.0 (build 1)");
    EXPECT_EQ(found->path, program);
  }
  EXPECT_EQ(Runs(), 1u);
  Write(program, "0.8.0 (build 22)");
  EXPECT_EQ(FindLlamaServer("", folder_ / "cache")->version, "0.8.0 (build 22)");
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(LlamaProgramTest, AProgramWithoutVersionIsRefused) {
  const fs::path program = folder_ / "bin/llama-server";
  fs::create_directories(program.parent_path());
  ASSERT_TRUE(WriteFileAtomically(program, "#!/bin/sh\nexit 0\n", 0755).has_value());
  const auto found = FindLlamaServer("", folder_ / "cache");
  ASSERT_FALSE(found.has_value());
  EXPECT_THAT(found.error().message, HasSubstr("does not tell its version"));
}

}  // namespace
}  // namespace understudy
