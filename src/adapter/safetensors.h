// safetensors files: 8 bytes little-endian length, that many bytes of JSON (name -> dtype, shape,
// data_offsets from the end of the JSON), then the data, without gaps.
//
// Source: https://github.com/huggingface/safetensors#format. Written here: the JSON padded with
// blanks to 8 bytes, data in the order of its list. Read here: F32, F16 and BF16.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace understudy {

struct NamedTensor {
  std::string name;
  std::vector<uint64_t> shape;  // outermost first, as torch says it
  std::vector<float> values;    // row-major
};

enum class SafetensorsType : uint8_t { kF32, kF16, kBF16 };

using SafetensorsMetadata = std::map<std::string, std::string>;

// The file's bytes. kInvalidInput where a name comes twice or is "__metadata__", or values do not
// fit their shape.
Result<std::string> BuildSafetensors(const std::vector<NamedTensor>& tensors, SafetensorsType type,
                                     const SafetensorsMetadata& metadata);

struct SafetensorsFile {
  SafetensorsMetadata metadata;
  std::vector<NamedTensor> tensors;  // in order of their data
};

// kInvalidInput says what is wrong: a header beyond the file, offsets that overlap or leave gaps,
// sizes that do not fit; kUnsupported names a dtype that is not read. `name` stands in errors.
Result<SafetensorsFile> ParseSafetensors(std::string_view bytes, std::string_view name);

}  // namespace understudy
