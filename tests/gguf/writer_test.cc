#include "gguf/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "gguf/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

const std::vector<uint64_t> kShape{8, 2};
const std::string kData(64, 'd');

TEST(GgufWriter, WriteGivesTheBytesOfBuild) {
  GgufWriter writer;
  writer.Set("k", "v");
  writer.AddTensor("t", kShape, TensorType::kF32, kData);
  writer.AddTensor("u", kShape, TensorType::kF16, std::string_view(kData).substr(0, 32));
  const TempFolder folder;
  const auto path = folder / "x.gguf";
  ASSERT_TRUE(writer.Write(path).has_value());
  EXPECT_EQ(ReadFile(path).value(), writer.Build().value());
}

TEST(GgufWriter, TensorsAreAligned) {
  GgufWriter writer;
  const std::vector<uint64_t> shape{1};
  writer.AddTensor("t", shape, TensorType::kF32, std::string_view(kData).substr(0, 4));
  writer.AddTensor("u", shape, TensorType::kF32, std::string_view(kData).substr(0, 4));
  const std::string bytes = writer.Build().value();
  EXPECT_EQ(bytes.size() % kGgufAlignment, 0u);
  const auto file = GgufFile::Parse(bytes, "x");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((file->FindTensor("u")->bytes.data() - bytes.data()) % kGgufAlignment, 0);
}

TEST(GgufWriter, MistakesAreReturnedAndNothingIsWritten) {
  const auto error_of = [](auto&& fill) {
    GgufWriter writer;
    fill(writer);
    const TempFolder folder;
    const auto path = folder / "x.gguf";
    EXPECT_FALSE(writer.Write(path).has_value());
    EXPECT_FALSE(std::filesystem::exists(path));
    return writer.Build().error().message;
  };
  EXPECT_THAT(error_of([](GgufWriter& w) { w.Set("k", "a"), w.Set("k", "b"); }),
              HasSubstr("\"k\" is empty, too long, or set twice"));
  EXPECT_THAT(error_of([](GgufWriter& w) { w.Set("", true); }), HasSubstr("\"\""));
  EXPECT_THAT(error_of([](GgufWriter& w) { w.AddTensor("t", kShape, TensorType::kF16, kData); }),
              HasSubstr("do not fit its shape"));
  EXPECT_THAT(error_of([](GgufWriter& w) {
                w.AddTensor("t", kShape, TensorType::kF32, kData);
                w.AddTensor("t", kShape, TensorType::kF32, kData);
              }),
              HasSubstr("taken"));
  EXPECT_THAT(
      error_of([](GgufWriter& w) { w.AddTensor("t", kShape, static_cast<TensorType>(99), kData); }),
      HasSubstr("do not fit"));
}

TEST(GgufWriter, AFolderThatIsNotThereIsAnError) {
  GgufWriter writer;
  const auto status = writer.Write("/nonexistent/folder/x.gguf");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace understudy
