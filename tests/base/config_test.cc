#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/config_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;

TEST(Config, FindsTheTwoModelsOfRouting) {
  Options options = Parsed(kTwoModels);
  EXPECT_EQ(ReferenceModel(options), "gpt");
  EXPECT_EQ(LocalModel(options), "tiny");
  options.routing.reference = "other";
  options.routing.local = "another";
  EXPECT_EQ(ReferenceModel(options), "other");
  EXPECT_EQ(LocalModel(options), "another");
  EXPECT_EQ(ReferenceModel(Options{}), "");
  EXPECT_EQ(LocalModel(Options{}), "");
}

TEST(Config, ASmallUpstreamStandsInForALocalModel) {
  Options options;
  options.models.resize(2);
  options.models[0] = {.name = "vllm", .kind = "openai", .small = true};
  options.models[1] = {.name = "gpt", .kind = "openai"};
  EXPECT_EQ(LocalModel(options), "vllm");
  EXPECT_EQ(ReferenceModel(options), "gpt");
}

TEST(Config, SecretsComeFromTheEnvironment) {
  ::setenv("CONFIG_TEST_SECRET", "s3cret", 1);
  EXPECT_EQ(ResolveSecret("models[0].api_key", "env:CONFIG_TEST_SECRET").value(), "s3cret");
  EXPECT_EQ(ResolveSecret("k", "plain").value(), "plain");
  ::setenv("CONFIG_TEST_SECRET", "", 1);
  const auto empty = ResolveSecret("models[0].api_key", "env:CONFIG_TEST_SECRET");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(empty.error().where, "models[0].api_key");
  EXPECT_THAT(empty.error().message, HasSubstr("CONFIG_TEST_SECRET"));
  ::unsetenv("CONFIG_TEST_SECRET");
  EXPECT_FALSE(ResolveSecret("k", "env:CONFIG_TEST_SECRET"));
}

TEST(Config, FindsTheWorkspace) {
  const auto before = std::filesystem::current_path();
  const auto folder = std::filesystem::path(testing::TempDir()) / "config_test_cwd";
  std::filesystem::create_directories(folder / "understudy");
  std::filesystem::current_path(folder);
  ::unsetenv("UNDERSTUDY_WORKSPACE");
  ::setenv("HOME", "/home/someone", 1);
  std::filesystem::remove(folder / "understudy/config.toml");
  EXPECT_EQ(FindWorkspace(""), "/home/someone/.local/share/understudy");
  std::ofstream(folder / "understudy/config.toml") << "";
  EXPECT_EQ(FindWorkspace(""), "understudy");
  ::setenv("UNDERSTUDY_WORKSPACE", "/from/env", 1);
  EXPECT_EQ(FindWorkspace(""), "/from/env");
  EXPECT_EQ(FindWorkspace("/from/flag"), "/from/flag");
  ::unsetenv("UNDERSTUDY_WORKSPACE");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace understudy
