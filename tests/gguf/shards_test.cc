#include "gguf/shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "gguf/writer.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

class Shards : public ::testing::Test {
 protected:
  // Ten tensors of 4 KiB each, and metadata of every shape.
  std::filesystem::path WriteModel(std::string_view name, int tensors = 10) {
    GgufWriter writer;
    writer.Set("general.architecture", "llama");
    writer.Set("n", uint64_t{7});
    writer.Set("yes", true);
    const std::vector<std::string> texts{"a", "", "long text"};
    writer.Set("texts", std::span<const std::string>(texts));
    std::vector<std::string> data;
    for (int i = 0; i < tensors; ++i) data.emplace_back(4096, static_cast<char>('a' + i));
    const std::vector<uint64_t> shape{64, 16};
    for (int i = 0; i < tensors; ++i) {
      writer.AddTensor(fmt::format("t{}", i), shape, TensorType::kF32,
                       data[static_cast<size_t>(i)]);
    }
    const auto path = folder_ / name;
    EXPECT_TRUE(writer.Write(path).has_value());
    return path;
  }
  std::vector<std::filesystem::path> Split(const std::filesystem::path& path, uint64_t max_bytes) {
    const auto file = GgufFile::Open(path);
    auto paths = WriteShards(*file, folder_ / "part", max_bytes);
    EXPECT_TRUE(paths.has_value());
    return paths.value_or(std::vector<std::filesystem::path>{});
  }
  static std::string ErrorOf(const std::filesystem::path& path) {
    const auto file = GgufFile::Open(path);
    EXPECT_FALSE(file.has_value());
    return file ? std::string() : file.error().message + " " + file.error().mend;
  }
  TempFolder folder_;
};

TEST_F(Shards, ReadAsOneModelAndMergeToTheSameBytes) {
  const auto whole = WriteModel("whole.gguf");
  const auto paths = Split(whole, 13'000);
  ASSERT_EQ(paths.size(), 4U);
  EXPECT_EQ(paths[0].filename(), "part-00001-of-00004.gguf");
  for (const auto& path : paths) EXPECT_LE(std::filesystem::file_size(path), 13'000U);
  const auto file = GgufFile::Open(paths[0]);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 10U);
  EXPECT_EQ(file->FindTensor("t9")->bytes, std::string(4096, 'j'));
  ASSERT_TRUE(WriteWhole(*file, folder_ / "again.gguf").has_value());
  EXPECT_EQ(ReadFile(folder_ / "again.gguf").value(), ReadFile(whole).value());
}

TEST_F(Shards, AModelThatFitsIsOneShard) {
  const auto paths = Split(WriteModel("whole.gguf"), 1 << 20);
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(GgufFile::Open(paths[0])->tensors().size(), 10U);
}

TEST_F(Shards, ATensorLargerThanTheLimitHasAShardOfItsOwn) {
  EXPECT_EQ(Split(WriteModel("whole.gguf", 3), 1000).size(), 4U);  // the first: metadata alone
}

TEST_F(Shards, ALaterShardNamesTheFirst) {
  const auto paths = Split(WriteModel("whole.gguf"), 13'000);
  EXPECT_THAT(ErrorOf(paths[2]), HasSubstr("part-00001-of-00004.gguf"));
}

TEST_F(Shards, OneThatIsMissingRenamedOrOfAnotherModelIsRefused) {
  const auto paths = Split(WriteModel("whole.gguf"), 13'000);
  std::filesystem::rename(paths[3], folder_ / "kept");
  EXPECT_THAT(ErrorOf(paths[0]), HasSubstr("part-00004-of-00004.gguf"));
  std::filesystem::copy(paths[2], paths[3]);
  EXPECT_THAT(ErrorOf(paths[0]), HasSubstr("not that of the shard"));
  std::filesystem::rename(folder_ / "kept", paths[3]);
  EXPECT_TRUE(GgufFile::Open(paths[0]).has_value());
  std::filesystem::rename(paths[0], folder_ / "first.gguf");
  EXPECT_THAT(ErrorOf(folder_ / "first.gguf"), HasSubstr("-00001-of-00004.gguf"));
  std::filesystem::rename(folder_ / "first.gguf", paths[0]);
  const auto other = GgufFile::Open(WriteModel("other.gguf", 9));
  const auto others = WriteShards(*other, folder_ / "other", 13'000);
  ASSERT_EQ(others->size(), 4U);
  std::filesystem::rename(others->at(3), paths[3]);
  EXPECT_THAT(ErrorOf(paths[0]), HasSubstr("another model"));
}

TEST_F(Shards, AShardWithoutItsTensorsIsRefused) {
  GgufWriter writer;
  writer.Set("split.no", uint16_t{0});
  writer.Set("split.count", uint16_t{2});
  writer.Set("split.tensors.count", int32_t{5});
  ASSERT_TRUE(writer.Write(ShardPath(folder_ / "x", 0, 2)).has_value());
  GgufWriter second;
  second.Set("split.no", uint16_t{1});
  second.Set("split.count", uint16_t{2});
  second.Set("split.tensors.count", int32_t{5});
  ASSERT_TRUE(second.Write(ShardPath(folder_ / "x", 1, 2)).has_value());
  EXPECT_THAT(ErrorOf(ShardPath(folder_ / "x", 0, 2)), HasSubstr("hold 0 tensors, not 5"));
}

}  // namespace
}  // namespace understudy
