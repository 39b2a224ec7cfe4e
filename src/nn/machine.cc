#include "nn/machine.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace understudy::nn {
namespace {

// Ends when all that was begun on the device is done: a number of the result is here.
void WaitFor(const at::Tensor& result) {
  result.flatten()[0].item<float>();
}

double MeasureGflops(at::ScalarType type, at::Device device) {
  constexpr int kRuns = 5;
  const int64_t size = device.is_cpu() ? 1024 : 4096;
  const at::NoGradGuard no_grad;
  const auto random = [&] { return at::rand({size, size}).to(device, type); };
  const at::Tensor a = random(), b = random();
  at::Tensor c = at::matmul(a, b);  // warms up
  WaitFor(c);
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    c = at::matmul(a, b);
    WaitFor(c);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (best > 0.2) break;  // slow: one is enough
  }
  return 2.0 * std::pow(static_cast<double>(size), 3) / best / 1e9;
}

}  // namespace

Result<at::Device> ChooseDevice(std::string_view word) {
  if (word == "cpu" || (word == "auto" && !at::hasCUDA())) return at::Device(at::kCPU);
  if (word != "auto" && word != "cuda") {
    return Fail(
        InvalidInput(fmt::format("device \"{}\" is unknown", word)).Mend("take auto, cpu or cuda"));
  }
  if (at::hasCUDA()) return at::Device(at::kCUDA, 0);
  return Fail(InvalidInput("there is no CUDA device: this libtorch was built without CUDA, or the "
                           "machine has no GPU and driver that it can use")
                  .At("--device")
                  .Mend("take --device auto or cpu; docs/training.md says how to build for CUDA"));
}

MatrixPeak MeasureMatrixPeak(at::Device device) {
  return {.f32_gflops = MeasureGflops(at::kFloat, device),
          .bf16_gflops = MeasureGflops(at::kBFloat16, device)};
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
