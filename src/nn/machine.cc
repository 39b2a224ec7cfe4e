#include "nn/machine.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace understudy::nn {
namespace {

double MeasureGflops(at::ScalarType type) {
  constexpr int64_t kSize = 1024;
  constexpr int kRuns = 5;
  const at::NoGradGuard no_grad;
  const at::Tensor a = at::rand({kSize, kSize}).to(type), b = at::rand({kSize, kSize}).to(type);
  at::Tensor c = at::matmul(a, b);  // warms up
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    c = at::matmul(a, b);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (best > 0.2) break;  // slow: one is enough
  }
  return 2.0 * kSize * kSize * kSize / best / 1e9;
}

}  // namespace

MatrixPeak MeasureMatrixPeak() {
  return {.f32_gflops = MeasureGflops(at::kFloat), .bf16_gflops = MeasureGflops(at::kBFloat16)};
}

Result<at::ScalarType> ChoosePrecision(std::string_view word, const MatrixPeak& peak) {
  if (word == "auto") return peak.faster();
  if (word == "f32") return at::kFloat;
  if (word == "bf16") return at::kBFloat16;
  return Fail(InvalidInput(fmt::format("precision \"{}\" is unknown", word))
                  .Mend("take auto, f32 or bf16"));
}

void SetThreads(int threads) {
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(threads > 0 ? threads : cores);
}

}  // namespace understudy::nn
