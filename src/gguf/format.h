// GGUF's constants: the file format of llama.cpp and its kin.
//
// A file is: magic, version, counts; metadata (key, type, value); tensor heads (name, shape, type,
// offset); padding to the alignment; tensor data. Everything is little-endian. Shapes are given
// innermost dimension first: a row-major [out, in] matrix has the shape {in, out}.
//
// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the block sizes are those
// that libggml 0.27 reports.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace understudy {

static_assert(std::endian::native == std::endian::little, "GGUF is read and written in place");

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr uint32_t kGgufVersion = 3;  // what is written; 2 is read too (same layout)
inline constexpr uint32_t kGgufAlignment = 32;
inline constexpr size_t kGgufMaxDimensions = 4;
inline constexpr size_t kGgufMaxTensorName = 63;  // llama.cpp's limit
inline constexpr size_t kGgufMaxKey = 65535;
inline constexpr int kGgufMaxArrayDepth = 4;

enum class GgufType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

// Bytes of a scalar; 0 for strings, arrays and unknown types.
size_t ScalarBytes(GgufType type);

enum class TensorType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ8_0 = 8,  // blocks of 32: an f16 scale, then 32 signed bytes
  kBF16 = 30,
  // Every other type that libggml knows is read as well, by its number; see FindTensorFormat.
};

// Elements come in blocks: a row must be whole blocks.
struct TensorFormat {
  uint32_t type;
  std::string_view name;  // as llama.cpp prints it, "q4_K"
  uint32_t block_elements;
  uint32_t block_bytes;
};
// nullptr for a number that names no (or a withdrawn) type.
const TensorFormat* FindTensorFormat(uint32_t type);

// "f32", "q8_0"; "type 99" is "unknown".
std::string_view Name(TensorType type);

}  // namespace understudy
