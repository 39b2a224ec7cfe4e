#include "models/local_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tiny_model.h"

namespace understudy {
namespace {

using ::understudy::testing::TinyModel;

ModelOptions Options() {
  ModelOptions options;
  options.name = "tiny";
  options.gguf = TinyModel().model;
  options.adapters = {{"a", TinyModel().adapter_a}, {"b", TinyModel().adapter_b}};
  return options;
}

// The error's `where`.
std::string FaultOf(const ModelOptions& options) {
  const auto files = CheckLocalFiles(options, "/");
  EXPECT_FALSE(files.has_value());
  return files ? "" : files.error().where;
}

TEST(LocalFiles, RelativePathsStartAtTheWorkspace) {
  auto options = Options();
  options.gguf = "tiny.gguf";
  options.adapters = {{"a", "adapter-a.gguf"}};
  const auto files = CheckLocalFiles(options, TinyModel().model.parent_path());
  ASSERT_TRUE(files.has_value()) << files.error().ToString();
  EXPECT_EQ(files->gguf, TinyModel().model);
  EXPECT_EQ(files->adapters[0].path, TinyModel().adapter_a);
  EXPECT_EQ(files->meta.architecture, "llama");
}

TEST(LocalFiles, ErrorsNameTheOptionAtFault) {
  auto options = Options();
  options.gguf = "/nonexistent";
  EXPECT_EQ(FaultOf(options), "gguf");
  options = Options();
  options.gguf = TinyModel().adapter_a;
  EXPECT_EQ(FaultOf(options), "gguf");
  options = Options();
  options.adapters[1].path = "/nonexistent";
  EXPECT_EQ(FaultOf(options), "adapters[1]");
  options = Options();
  options.adapters[1].path = TinyModel().model;
  EXPECT_EQ(FaultOf(options), "adapters[1]");
  options = Options();
  options.adapters[1].name = "a";
  EXPECT_EQ(FaultOf(options), "adapters[1]");
  options = Options();
  options.adapters[0].name = "";
  EXPECT_EQ(FaultOf(options), "adapters[0]");
  options = Options();
  options.extra_args = {"--port", "1"};
  EXPECT_EQ(FaultOf(options), "extra_args");
  options = Options();
  options.slots = 0;
  EXPECT_EQ(FaultOf(options), "slots");
}

}  // namespace
}  // namespace understudy
