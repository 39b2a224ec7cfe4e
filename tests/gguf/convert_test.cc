#include "gguf/convert.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace understudy {
namespace {

GgufTensor TensorOf(std::string_view bytes, TensorType type, uint64_t count) {
  GgufTensor tensor;
  tensor.name = "t";
  tensor.type = type;
  tensor.shape[0] = count;
  tensor.bytes = bytes;
  return tensor;
}

TEST(Convert, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const float value = HalfToFloat(static_cast<uint16_t>(half));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    } else {
      ASSERT_EQ(FloatToHalf(value), half) << value;
    }
  }
}

TEST(Convert, HalvesRoundToNearestEven) {
  EXPECT_EQ(HalfToFloat(FloatToHalf(65504)), 65504);
  EXPECT_EQ(HalfToFloat(FloatToHalf(65519.996F)), 65504);
  EXPECT_TRUE(std::isinf(HalfToFloat(FloatToHalf(65520))));
  EXPECT_EQ(FloatToHalf(1 + 0x1p-11F), FloatToHalf(1));        // a tie goes to the even one
  EXPECT_EQ(FloatToHalf(1 + 0x1.8p-10F), FloatToHalf(1) + 2);  // here upwards
  EXPECT_EQ(FloatToHalf(0x1p-25F), 0);                         // a tie between 0 and 2^-24
  EXPECT_EQ(FloatToHalf(0x1.000002p-25F), 1);
  EXPECT_EQ(FloatToHalf(-0.0F), 0x8000);
  EXPECT_EQ(FloatToHalf(-std::numeric_limits<float>::infinity()), 0xFC00);
}

TEST(Convert, HalvesAgreeWithTheCompiler) {
  std::mt19937 generator(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(generator()));
    if (std::isnan(value)) continue;
    const auto expected = std::bit_cast<uint16_t>(static_cast<_Float16>(value));
    ASSERT_EQ(FloatToHalf(value), expected) << value;
  }
}

TEST(Convert, Bf16RoundsToNearestEven) {
  EXPECT_EQ(Bf16ToFloat(FloatToBf16(1)), 1);
  EXPECT_EQ(FloatToBf16(1 + 0x1p-8F), FloatToBf16(1));
  EXPECT_EQ(FloatToBf16(1 + 0x1.8p-7F), FloatToBf16(1) + 2);
  EXPECT_TRUE(std::isnan(Bf16ToFloat(FloatToBf16(std::bit_cast<float>(0x7F800001U)))));
  EXPECT_TRUE(std::isinf(Bf16ToFloat(FloatToBf16(std::numeric_limits<float>::max()))));
}

TEST(Convert, TensorsSurviveWithinTheirPrecision) {
  std::mt19937 generator(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(96);
  for (float& value : values) value = normal(generator);
  const std::pair<TensorType, float> cases[] = {{TensorType::kF32, 0},
                                                {TensorType::kF16, 0x1p-11F},
                                                {TensorType::kBF16, 0x1p-8F},
                                                {TensorType::kQ8_0, 4.5F / 254}};
  for (const auto& [type, error] : cases) {
    const std::string bytes = EncodeTensor(values, type).value();
    const auto decoded = DecodeTensor(TensorOf(bytes, type, values.size())).value();
    ASSERT_EQ(decoded.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(decoded[i], values[i], error * std::max(1.0F, std::fabs(values[i])))
          << Name(type);
    }
  }
}

TEST(Convert, Q8KeepsTheLargestOfABlock) {
  std::vector<float> values(32);
  values[5] = -127;
  values[6] = 64;
  const auto bytes = EncodeTensor(values, TensorType::kQ8_0).value();
  EXPECT_EQ(bytes.size(), 34u);
  EXPECT_EQ(DecodeTensor(TensorOf(bytes, TensorType::kQ8_0, 32)).value(), values);
  const std::vector<float> zeros(32);
  const auto none = EncodeTensor(zeros, TensorType::kQ8_0).value();
  EXPECT_EQ(DecodeTensor(TensorOf(none, TensorType::kQ8_0, 32)).value(), zeros);
}

TEST(Convert, RefusesWhatItCannotDo) {
  const std::vector<float> values(33);
  EXPECT_EQ(EncodeTensor(values, TensorType::kQ8_0).error().kind, ErrorKind::kInvalidInput);
  const auto q4_k = static_cast<TensorType>(12);
  EXPECT_EQ(EncodeTensor(values, q4_k).error().kind, ErrorKind::kUnsupported);
  const auto error = DecodeTensor(TensorOf({}, q4_k, 0)).error();
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, ::testing::HasSubstr("q4_K"));
}

TEST(Convert, Q8OfValuesThatAreNotFiniteIsDefined) {
  std::vector<float> values(32, 1);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  values[1] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(EncodeTensor(values, TensorType::kQ8_0).has_value());
}

}  // namespace
}  // namespace understudy
