// The layout of assigner.bin. All numbers are little-endian; floats are IEEE 754, 32 bits.
//
//   magic     8 bytes  "USTASKS\n"
//   version   u32      1
//   size      u32      kEmbeddingSize; and u32 kBuckets
//   reserved  u32      0
//   bytes     u64      of the payload, which ends the file
//   checksum  u64      XXH3 of the payload
// payload
//   f32 x kBuckets idf, f32 x kBuckets scales, i8 x kBuckets x kEmbeddingSize rows
//   u32 frames, each: u32 shape, u64 words hash, list shingles, list tools
//   u32 tasks, each: text id, text name, text kind, u32 frame, f32 least cosine,
//     f32 x (kClosenessSteps + 1) cosines, u32 exemplars, f32 x kEmbeddingSize each
//   list: u32 count, u32 each;  text: u32 bytes, UTF-8
#pragma once

#include <cstdint>
#include <string_view>

namespace understudy {

inline constexpr std::string_view kTaskModelMagic = "USTASKS\n";
inline constexpr uint32_t kTaskModelVersion = 1;
inline constexpr size_t kTaskModelHeader = 40;  // bytes
// Of a file: what is longer is none. 2.4 MB are the projection's, the rest room for 250,000
// exemplars.
inline constexpr uint64_t kMostTaskModelBytes = uint64_t{64} << 20;

}  // namespace understudy
