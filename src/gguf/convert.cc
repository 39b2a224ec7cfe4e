#include "gguf/convert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr size_t kQ8Elements = 32;
constexpr size_t kQ8Bytes = 2 + kQ8Elements;

template <class T>
void Append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <class T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

void AppendQ8Block(std::string& out, std::span<const float> block) {
  float largest = 0;
  for (const float value : block) largest = std::max(largest, std::fabs(value));
  const float scale = largest / 127.0F;
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  Append(out, FloatToHalf(scale));
  for (const float value : block) {
    // lround of a NaN or an infinity is undefined: such values count as 0.
    const float scaled = value * inverse;
    const long rounded = std::isfinite(scaled) ? std::lround(scaled) : 0;
    Append(out, static_cast<int8_t>(std::clamp(rounded, -127L, 127L)));
  }
}

void DecodeQ8(std::string_view bytes, std::vector<float>& values) {
  for (size_t at = 0; at < bytes.size(); at += kQ8Bytes) {
    const float scale = HalfToFloat(Load<uint16_t>(bytes.data() + at));
    for (size_t i = 0; i < kQ8Elements; ++i) {
      values.push_back(scale * static_cast<float>(static_cast<int8_t>(bytes[at + 2 + i])));
    }
  }
}

Error NoConversion(TensorType type) {
  Error error = InvalidInput(fmt::format("tensors of type {} are not converted here", Name(type)));
  error.kind = ErrorKind::kUnsupported;
  return std::move(error).Mend("Use a file in f32, f16, bf16 or q8_0.");
}

}  // namespace

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 31U;
  const uint32_t mantissa = half & 0x3FFU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13));
  if (exponent > 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  }
  const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  return sign ? -magnitude : magnitude;
}

uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return sign | 0x7E00U;                      // NaN
  if (magnitude >= 0x477FF000U) return sign | 0x7C00U;                     // rounds beyond 65504
  if (magnitude < 0x38800000U) {                                           // below 2^-14: subnormal
    const float scaled = std::ldexp(std::bit_cast<float>(magnitude), 24);  // exact
    return sign | static_cast<uint16_t>(std::nearbyint(scaled));
  }
  const uint32_t odd = (magnitude >> 13) & 1U;
  return sign | static_cast<uint16_t>((magnitude - 0x38000000U + 0xFFFU + odd) >> 13);
}

float Bf16ToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t FloatToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

Result<std::string> EncodeTensor(std::span<const float> values, TensorType type) {
  std::string bytes;
  if (type == TensorType::kF32) {
    bytes.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  } else if (type == TensorType::kF16) {
    for (const float value : values) Append(bytes, FloatToHalf(value));
  } else if (type == TensorType::kBF16) {
    for (const float value : values) Append(bytes, FloatToBf16(value));
  } else if (type == TensorType::kQ8_0) {
    if (values.size() % kQ8Elements != 0) {
      return Fail(InvalidInput(fmt::format("{} values are not whole q8_0 blocks", values.size())));
    }
    for (size_t at = 0; at < values.size(); at += kQ8Elements) {
      AppendQ8Block(bytes, values.subspan(at, kQ8Elements));
    }
  } else {
    return Fail(NoConversion(type));
  }
  return bytes;
}

Result<std::vector<float>> DecodeTensor(const GgufTensor& tensor) {
  const std::string_view bytes = tensor.bytes;
  std::vector<float> values;
  values.reserve(tensor.elements());
  if (tensor.type == TensorType::kF32) {
    values.resize(tensor.elements());
    std::memcpy(values.data(), bytes.data(), bytes.size());
  } else if (tensor.type == TensorType::kF16) {
    for (size_t at = 0; at < bytes.size(); at += 2) {
      values.push_back(HalfToFloat(Load<uint16_t>(bytes.data() + at)));
    }
  } else if (tensor.type == TensorType::kBF16) {
    for (size_t at = 0; at < bytes.size(); at += 2) {
      values.push_back(Bf16ToFloat(Load<uint16_t>(bytes.data() + at)));
    }
  } else if (tensor.type == TensorType::kQ8_0) {
    DecodeQ8(bytes, values);
  } else {
    return Fail(NoConversion(tensor.type));
  }
  return values;
}

}  // namespace understudy
