// What this machine's matrix products reach, measured at the start of a run.
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

// Products of 1024 x 1024 matrices with the threads that are set, about 0.2 s.
MatrixPeak MeasureMatrixPeak();

// "f32", "bf16", or "auto": the faster of the two. kInvalidInput for other words.
Result<at::ScalarType> ChoosePrecision(std::string_view word, const MatrixPeak& peak);

// 0: one a core. Also keeps OpenBLAS and the pool of threads between operations to as many.
void SetThreads(int threads);

}  // namespace understudy::nn
