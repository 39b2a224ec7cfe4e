#include "adapter/safetensors.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

std::string File(std::string header, const std::string& data) {
  const uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + data;
}

std::string ErrorOf(const std::string& bytes) {
  const auto file = ParseSafetensors(bytes, "f");
  EXPECT_FALSE(file.has_value());
  return file ? "" : file.error().message;
}

TEST(Safetensors, HasTheLayoutThatIsDocumented) {
  const std::string bytes =
      BuildSafetensors({{"w", {2, 1}, {1.0F, -2.0F}}}, SafetensorsType::kF32, {{"format", "pt"}})
          .value();
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  const auto header = ParseJson(bytes.substr(8, length));
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(json::serialize(*header),
            R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,1],)"
            R"("data_offsets":[0,8]}})");
  EXPECT_EQ(bytes.substr(8 + length), std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
}

TEST(Safetensors, ComesBackAsItWent) {
  const std::vector<NamedTensor> tensors{{"b", {2, 3}, {1, 2, 3, 4, 5, 6}},
                                         {"a", {}, {0.5F}},
                                         {"empty", {0, 4}, {}},
                                         {"c", {4}, {-1, 0, 1.5F, 2}}};
  for (const auto type : {SafetensorsType::kF32, SafetensorsType::kF16, SafetensorsType::kBF16}) {
    const auto file = ParseSafetensors(BuildSafetensors(tensors, type, {{"k", "v"}}).value(), "f");
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    EXPECT_EQ(file->metadata.at("k"), "v");
    ASSERT_EQ(file->tensors.size(), 4u);
    for (const NamedTensor& tensor : tensors) {
      const auto read = std::ranges::find(file->tensors, tensor.name, &NamedTensor::name);
      ASSERT_NE(read, file->tensors.end());
      EXPECT_EQ(read->shape, tensor.shape);
      EXPECT_EQ(read->values, tensor.values);
    }
  }
}

TEST(Safetensors, RefusesBrokenFiles) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("cut short"));
  EXPECT_THAT(ErrorOf(std::string(8, '\xff')), HasSubstr("cut short"));
  EXPECT_THAT(ErrorOf(File("[]", "")), HasSubstr("no JSON object"));
  EXPECT_THAT(ErrorOf(File("{", "")), HasSubstr("no JSON object"));
  const std::string f32 = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_TRUE(ParseSafetensors(File(f32, std::string(8, 0)), "f").has_value());
  EXPECT_THAT(ErrorOf(File(f32, std::string(7, 0))), HasSubstr("outside of the file"));
  EXPECT_THAT(ErrorOf(File(f32, std::string(9, 0))), HasSubstr("behind the last"));
  EXPECT_THAT(
      ErrorOf(File(R"({"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", std::string(8, 0))),
      HasSubstr("w is I64"));
  EXPECT_THAT(
      ErrorOf(File(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", std::string(8, 0))),
      HasSubstr("do not fit"));
  EXPECT_THAT(ErrorOf(File(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}})",
                           std::string(8, 0))),
              HasSubstr("no shape"));
  EXPECT_THAT(ErrorOf(File(R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],)"
                           R"("data_offsets":[0,0]}})",
                           "")),
              HasSubstr("no shape"));
  const std::string two = R"({"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                          R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  EXPECT_THAT(ErrorOf(File(two, std::string(4, 0))), HasSubstr("overlaps"));
}

TEST(Safetensors, RefusesToWriteWhatNobodyCouldRead) {
  EXPECT_FALSE(BuildSafetensors({{"w", {2}, {1}}}, SafetensorsType::kF32, {}).has_value());
  EXPECT_FALSE(
      BuildSafetensors({{"w", {1}, {1}}, {"w", {1}, {1}}}, SafetensorsType::kF32, {}).has_value());
  EXPECT_FALSE(
      BuildSafetensors({{"__metadata__", {1}, {1}}}, SafetensorsType::kF32, {}).has_value());
}

}  // namespace
}  // namespace understudy
