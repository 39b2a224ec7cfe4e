// For inner loops over floats on a CPU: code for the widest vectors that the machine at hand has.
#pragma once

#include <bit>
#include <cstdint>

// Before a function: it is compiled for AVX-512 too, and the fitting one is taken when the program
// starts. What it calls must be inline to be compiled with it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define UNDERSTUDY_VECTOR_CODE [[gnu::target_clones("avx512f", "default")]]
#else
#define UNDERSTUDY_VECTOR_CODE
#endif

namespace understudy::nn {

// e^x within 3 units in the last place over the floats whose result is normal, 0 or the largest
// such result beyond: x = n ln 2 + r, then the Taylor polynomial of e^r. Unlike std::exp a compiler
// can make vectors of it.
[[gnu::always_inline]] inline float FastExp(float x) {
  constexpr float kLog2E = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  x = x < -87.3F ? -87.3F : x;
  x = x > 88.3F ? 88.3F : x;
  const float shifted = x * kLog2E + 12582912.0F;  // 1.5 * 2^23: rounds to an integer
  const float n = shifted - 12582912.0F;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.0F / 5040;
  p = p * r + 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  const int32_t exponent = (std::bit_cast<int32_t>(shifted) - 0x4B400000 + 127) << 23;
  return p * std::bit_cast<float>(exponent);
}

// Sixteen floats side by side, wherever they lie; the compiler makes of it what the machine has.
typedef float Floats [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]];

// Names of types for templates, which would drop the attributes.
struct ManyFloats {
  using Type = Floats;
};
struct OneFloat {
  using Type = float;
};

[[gnu::always_inline]] inline float Sum(float x) {
  return x;
}

[[gnu::always_inline]] inline float Sum(Floats v) {
  v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  return v[0] + v[1];
}

}  // namespace understudy::nn
