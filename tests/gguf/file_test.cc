#include "gguf/file.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "gguf/writer.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
std::string Bytes(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string Text(std::string_view text) {
  return Bytes<uint64_t>(text.size()) + std::string(text);
}
std::string Head(uint64_t tensors, uint64_t entries, uint32_t version = 3) {
  return "GGUF" + Bytes(version) + Bytes(tensors) + Bytes(entries);
}
std::string TensorHead(std::string_view name, std::vector<uint64_t> shape, uint32_t type,
                       uint64_t offset) {
  std::string head = Text(name) + Bytes(static_cast<uint32_t>(shape.size()));
  for (const uint64_t extent : shape) head += Bytes(extent);
  return head + Bytes(type) + Bytes(offset);
}
std::string Padded(std::string bytes, size_t data) {
  bytes.resize((bytes.size() + 31) / 32 * 32 + data);
  return bytes;
}

// The error of parsing `bytes`; fails the test when there is none.
std::string ErrorOf(const std::string& bytes) {
  const auto file = GgufFile::Parse(bytes, "x.gguf");
  EXPECT_FALSE(file.has_value());
  if (file) return {};
  EXPECT_EQ(file.error().kind, ErrorKind::kInvalidInput);
  return file.error().message;
}

std::string Sample() {
  GgufWriter writer;
  writer.Set("general.architecture", "llama");
  writer.Set("n", uint32_t{7});
  writer.Set("minus", int32_t{-7});
  writer.Set("big", uint64_t{1} << 63);
  writer.Set("f", 0.5F);
  writer.Set("yes", true);
  const std::vector<std::string> texts{"a", "", "long text"};
  const std::vector<int32_t> integers{1, -2, 3};
  const std::vector<float> floats{0.25F, -1};
  writer.Set("texts", std::span<const std::string>(texts));
  writer.Set("integers", std::span<const int32_t>(integers));
  writer.Set("floats", std::span<const float>(floats));
  const std::string data(24, 'x');
  const std::vector<uint64_t> shape{3, 2};
  writer.AddTensor("one", shape, TensorType::kF32, data);
  writer.AddTensor("two", shape, TensorType::kF16, std::string_view(data).substr(0, 12));
  return writer.Build().value();
}

TEST(GgufFile, ReadsWhatTheWriterWrote) {
  const std::string bytes = Sample();
  const auto file = GgufFile::Parse(bytes, "x.gguf");
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_EQ(file->Text("general.architecture"), "llama");
  EXPECT_EQ(file->Unsigned("n"), 7u);
  EXPECT_EQ(file->Unsigned("minus"), std::nullopt);
  EXPECT_EQ(file->Find("minus")->Signed(), -7);
  EXPECT_EQ(file->Find("big")->Signed(), std::nullopt);
  EXPECT_EQ(file->Unsigned("big"), uint64_t{1} << 63);
  EXPECT_EQ(file->Number("f"), 0.5);
  EXPECT_EQ(file->Bool("yes"), true);
  EXPECT_EQ(file->Bool("n"), std::nullopt);
  EXPECT_THAT(file->Find("texts")->Texts(), ElementsAre("a", "", "long text"));
  EXPECT_THAT(file->Find("integers")->Integers(), ElementsAre(1, -2, 3));
  EXPECT_THAT(file->Find("floats")->Numbers(), ElementsAre(0.25, -1));
  EXPECT_TRUE(file->Find("floats")->Texts().empty());
  EXPECT_EQ(file->Find("absent"), nullptr);
  ASSERT_EQ(file->tensors().size(), 2u);
  const GgufTensor* two = file->FindTensor("two");
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(two->type, TensorType::kF16);
  EXPECT_EQ(two->dimensions, 2u);
  EXPECT_THAT(two->shape, ElementsAre(3, 2, 1, 1));
  EXPECT_EQ(two->bytes, std::string(12, 'x'));
}

TEST(GgufFile, EveryPrefixIsRefused) {
  const std::string bytes = Sample();
  // The last tensor may end without padding: cut into its data, not after it.
  for (size_t length = 0; length < bytes.size() - 20; ++length) {
    ASSERT_FALSE(GgufFile::Parse(bytes.substr(0, length), "x").has_value()) << length;
  }
}

TEST(GgufFile, ErrorsNameFileAndOffset) {
  EXPECT_EQ(ErrorOf("GGUG"),
            "x.gguf is not a sound GGUF file: it does not begin with \"GGUF\" (at byte 0)");
  EXPECT_THAT(ErrorOf(Head(0, 0, 1)), HasSubstr("version 1 is not known"));
  EXPECT_THAT(ErrorOf(Head(0, 0, 0x03000000)), HasSubstr("big-endian"));
}

TEST(GgufFile, AbsurdCountsAreRefusedBeforeMemoryIsAskedFor) {
  EXPECT_THAT(ErrorOf(Head(~0ULL, 0)), HasSubstr("claims 18446744073709551615 tensors"));
  EXPECT_THAT(ErrorOf(Head(0, ~0ULL)), HasSubstr("metadata entries"));
  const std::string array = Head(0, 1) + Text("k") + Bytes<uint32_t>(9) + Bytes<uint32_t>(4);
  EXPECT_THAT(ErrorOf(array + Bytes<uint64_t>(~0ULL) + "1234"), HasSubstr("elements"));
  EXPECT_THAT(ErrorOf(Head(0, 1) + Bytes<uint64_t>(~0ULL) + std::string(20, 'k')),
              HasSubstr("a metadata key claims"));
  EXPECT_THAT(ErrorOf(Head(0, 1) + Text("k") + Bytes<uint32_t>(8) + Bytes<uint64_t>(1ULL << 40)),
              HasSubstr("a metadata string claims"));
}

TEST(GgufFile, BadValuesAreRefused) {
  EXPECT_THAT(ErrorOf(Head(0, 1) + Text("k") + Bytes<uint32_t>(13) + "12345678"),
              HasSubstr("no metadata type 13"));
  EXPECT_THAT(ErrorOf(Head(0, 1) + Text("k") + Bytes<uint32_t>(7) + "\x02"),
              HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(ErrorOf(Head(0, 1) + Text("") + Bytes<uint32_t>(0) + "aaaaaa"),
              HasSubstr("key has 0 bytes"));
  const std::string entry = Text("k") + Bytes<uint32_t>(0) + "a";
  EXPECT_THAT(ErrorOf(Head(0, 2) + entry + entry), HasSubstr("the key k occurs twice"));
}

TEST(GgufFile, NestedArraysAreReadToALimit) {
  const auto nested = [](int depth) {
    std::string bytes = Head(0, 1) + Text("k") + Bytes<uint32_t>(9);
    for (int i = 1; i < depth; ++i) bytes += Bytes<uint32_t>(9) + Bytes<uint64_t>(1);
    return bytes + Bytes<uint32_t>(0) + Bytes<uint64_t>(2) + "ab";
  };
  for (int depth = 1; depth <= kGgufMaxArrayDepth; ++depth) {
    const std::string bytes = nested(depth);
    EXPECT_TRUE(GgufFile::Parse(bytes, "x").has_value()) << depth;
  }
  EXPECT_THAT(ErrorOf(nested(kGgufMaxArrayDepth + 1)), HasSubstr("nested too deeply"));
}

TEST(GgufFile, BadTensorHeadsAreRefused) {
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {0}, 0, 0), 32)), HasSubstr("absurd"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {1ULL << 40, 1ULL << 40}, 0, 0), 32)),
              HasSubstr("absurd"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {}, 0, 0), 64)),
              HasSubstr("0 dimensions"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {1, 1, 1, 1, 1}, 0, 0), 32)),
              HasSubstr("5 dimensions"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {1}, 4, 0), 32)), HasSubstr("type 4"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {33}, 8, 0), 64)),
              HasSubstr("not whole q8_0 blocks of 32"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead(std::string(64, 't'), {1}, 0, 0), 32)),
              HasSubstr("name has 64 bytes"));
  EXPECT_THAT(
      ErrorOf(Padded(Head(2, 0) + TensorHead("t", {1}, 0, 0) + TensorHead("t", {1}, 0, 32), 64)),
      HasSubstr("the tensor t occurs twice"));
}

TEST(GgufFile, TensorDataMustBeInsideAlignedAndApart) {
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {9}, 0, 0), 32)), HasSubstr("beyond"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {8}, 0, 32), 32)), HasSubstr("beyond"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {8}, 0, ~0ULL << 5), 32)),
              HasSubstr("beyond"));
  EXPECT_THAT(ErrorOf(Padded(Head(1, 0) + TensorHead("t", {1}, 0, 4), 32)),
              HasSubstr("not aligned to 32"));
  EXPECT_THAT(
      ErrorOf(Padded(Head(2, 0) + TensorHead("a", {16}, 0, 0) + TensorHead("b", {8}, 0, 32), 64)),
      HasSubstr("tensor b overlaps another"));
}

TEST(GgufFile, AlignmentOfTheFileCounts) {
  const auto with = [](uint32_t alignment) {
    return Head(0, 1) + Text("general.alignment") + Bytes<uint32_t>(4) + Bytes(alignment);
  };
  for (const uint32_t bad : {0U, 3U, 1U << 21}) {
    EXPECT_THAT(ErrorOf(with(bad)), HasSubstr("general.alignment")) << bad;
  }
  const std::string good = with(64);
  EXPECT_TRUE(GgufFile::Parse(good, "x").has_value());
}

TEST(GgufFile, OpenSaysWhatIsWrong) {
  EXPECT_EQ(GgufFile::Open("/nonexistent.gguf").error().kind, ErrorKind::kIo);
  EXPECT_EQ(GgufFile::Open("/tmp").error().kind, ErrorKind::kIo);
}

TEST(GgufFile, ViewsLiveAsLongAsAMovedFile) {
  const TempFolder folder;
  const auto path = folder / "x.gguf";
  ASSERT_TRUE(WriteFileAtomically(path, Sample()).has_value());
  auto opened = GgufFile::Open(path);
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  std::filesystem::remove(path);  // the mapping stays
  const GgufFile moved = *std::move(opened);
  EXPECT_EQ(moved.FindTensor("one")->bytes, std::string(24, 'x'));
  EXPECT_EQ(moved.Text("general.architecture"), "llama");
}

}  // namespace
}  // namespace understudy
