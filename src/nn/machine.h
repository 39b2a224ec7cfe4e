// Where a run computes, and what matrix products reach there, measured at its start.
#pragma once

#include <ATen/ATen.h>

#include <string_view>

#include "base/result.h"

namespace understudy::nn {

struct MatrixPeak {
  double f32_gflops = 0, bf16_gflops = 0;
  at::ScalarType faster() const { return bf16_gflops > f32_gflops ? at::kBFloat16 : at::kFloat; }
  double of(at::ScalarType type) const { return type == at::kBFloat16 ? bf16_gflops : f32_gflops; }
};

// "cpu", "cuda" (the first one), or "auto": cuda where there is one. kInvalidInput for other words
// and for cuda where this libtorch or this machine has none.
Result<at::Device> ChooseDevice(std::string_view word);

// Products of square matrices with the threads that are set, 1024 wide on the CPU and 4096 wide
// elsewhere; about 0.2 s.
MatrixPeak MeasureMatrixPeak(at::Device device);

// "f32", "bf16", or "auto": the faster of the two. kInvalidInput for other words.
Result<at::ScalarType> ChoosePrecision(std::string_view word, const MatrixPeak& peak);

// 0: one a core. Also keeps OpenBLAS and the pool of threads between operations to as many.
void SetThreads(int threads);

}  // namespace understudy::nn
