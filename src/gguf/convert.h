// Numbers between floats and the tensor types that are read and written here: f32, f16
// (IEEE 754 binary16), bf16, and q8_0 (blocks of 32: f16 scale d = max|x| / 127, then x / d as
// signed bytes). Rounding is to nearest even; NaN stays NaN; what is too large becomes infinite.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/format.h"

namespace understudy {

float HalfToFloat(uint16_t half);
uint16_t FloatToHalf(float value);
float Bf16ToFloat(uint16_t bits);
uint16_t FloatToBf16(float value);

// The bytes of `values` as `type`. kUnsupported for types other than the four; kInvalidInput when
// q8_0 gets a count that is not whole blocks.
Result<std::string> EncodeTensor(std::span<const float> values, TensorType type);

// The values of a tensor, in file order (innermost dimension runs fastest). kUnsupported, naming
// the type, for types other than the four.
Result<std::vector<float>> DecodeTensor(const GgufTensor& tensor);

}  // namespace understudy
