// Gradients of the kernels against finite differences, and what each promises of its result.
#include "nn/kernels.h"

#include <ATen/CPUGeneratorImpl.h>

#include <functional>

#include "nn/composed.h"
#include "nn/recompute.h"
#include "nn/small_models.h"
#include "nn/ssd.h"

namespace understudy::nn {
namespace {

using Function = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

at::Tensor Normal(at::IntArrayRef shape, uint64_t seed) {
  return at::empty(shape, at::kFloat).normal_(0, 1, at::detail::createCPUGenerator(seed));
}

// A number that depends on every element of `y`, each in its own way; summed in f64.
at::Tensor Summed(const at::Tensor& y) {
  return (y.to(at::kDouble) * Normal(y.sizes(), 99).to(at::kDouble)).sum();
}

// Every element of every input: the gradient is the slope between two near points.
void ExpectGradients(const Function& function, std::vector<at::Tensor> inputs) {
  constexpr double kStep = 5e-3;
  for (at::Tensor& input : inputs) input.requires_grad_(true);
  torch::autograd::backward({Summed(function(inputs))}, {});
  const at::NoGradGuard no_grad;
  for (size_t which = 0; which < inputs.size(); ++which) {
    const at::Tensor gradient = inputs[which].grad();
    ASSERT_TRUE(gradient.defined()) << "input " << which;
    ASSERT_TRUE(inputs[which].is_contiguous());
    at::Tensor slopes = at::empty_like(gradient);
    float* values = inputs[which].data_ptr<float>();
    for (int64_t i = 0; i < slopes.numel(); ++i) {
      const float before = values[i];
      values[i] = before + static_cast<float>(kStep);
      const double above = Summed(function(inputs)).item<double>();
      values[i] = before - static_cast<float>(kStep);
      const double below = Summed(function(inputs)).item<double>();
      values[i] = before;
      slopes.data_ptr<float>()[i] = static_cast<float>((above - below) / (2 * kStep));
    }
    const double largest = slopes.abs().max().item<double>();
    EXPECT_GT(largest, 1e-3) << "input " << which;
    EXPECT_LT(Apart(gradient, slopes), 3e-3 * largest + 1e-3) << "input " << which;
  }
}

// Two rows of seven: sequences of 3 and 4, and one of 5 with padding behind it.
at::Tensor Segments() {
  return at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, -1, -1}).view({2, 7});
}

TEST(Kernels, RmsNormsGradients) {
  ExpectGradients([](const auto& in) { return RmsNorm(in[0], in[1], 1e-5); },
                  {Normal({3, 5}, 1), Normal({5}, 2)});
}

TEST(Kernels, SwiGlusGradients) {
  ExpectGradients([](const auto& in) { return SwiGlu(in[0], in[1]); },
                  {Normal({3, 4}, 1), Normal({3, 4}, 2)});
}

TEST(Kernels, ConvolutionsGradients) {
  ExpectGradients([](const auto& in) { return CausalConvSilu(in[0], in[1], in[2], Segments()); },
                  {Normal({2, 7, 3}, 1), Normal({3, 4}, 2), Normal({3}, 3)});
}

TEST(Kernels, AConvolutionWiderThanTheRow) {
  const at::Tensor segments = at::zeros({1, 2}, at::kLong);
  ExpectGradients([&](const auto& in) { return CausalConvSilu(in[0], in[1], in[2], segments); },
                  {Normal({1, 2, 3}, 1), Normal({3, 4}, 2), Normal({3}, 3)});
}

TEST(Kernels, RotationsGradients) {
  const at::Tensor positions = at::tensor(std::vector<int64_t>{0, 1, 7, 0, 2, 30}).view({2, 3});
  for (const bool neox : {false, true}) {
    for (const int64_t rotary : {4, 6}) {
      ExpectGradients([&](const auto& in) { return Rotate(in[0], positions, rotary, 10000, neox); },
                      {Normal({2, 3, 2, 6}, 1)});
    }
  }
}

// Inputs that are views, as a model hands them over, count as what they show.
TEST(Kernels, TakeViews) {
  const at::Tensor wide = Normal({2, 7, 12}, 1), weight = Normal({6}, 2);
  const at::Tensor part = wide.narrow(2, 3, 6), copy = part.contiguous();
  ASSERT_FALSE(part.is_contiguous());
  EXPECT_EQ(Apart(RmsNorm(part, weight, 1e-5), RmsNorm(copy, weight, 1e-5)), 0);
  EXPECT_EQ(Apart(SwiGlu(part, copy), SwiGlu(copy, part)), 0);
  const at::Tensor taps = Normal({6, 4}, 3);
  EXPECT_EQ(Apart(CausalConvSilu(part, taps, weight, Segments()),
                  CausalConvSilu(copy, taps, weight, Segments())),
            0);
}

TEST(Kernels, RotationKeepsLengthsAndRelativePositions) {
  const at::Tensor q = Normal({1, 1, 1, 8}, 1), k = Normal({1, 1, 1, 8}, 2);
  const auto turned = [](const at::Tensor& x, int64_t position, bool neox) {
    return Rotate(x, at::full({1, 1}, position, at::kLong), 8, 10000, neox);
  };
  for (const bool neox : {false, true}) {
    EXPECT_NEAR(turned(q, 9, neox).norm().item<double>(), q.norm().item<double>(), 1e-5);
    const double near = (turned(q, 5, neox) * turned(k, 3, neox)).sum().item<double>();
    const double far = (turned(q, 105, neox) * turned(k, 103, neox)).sum().item<double>();
    EXPECT_NEAR(near, far, 1e-4);
    EXPECT_EQ(Apart(turned(q, 0, neox), q), 0);
  }
}

// Both ways to one result: the numbers, and the gradients of all inputs.
void ExpectSame(const Function& kernel, const Function& composed, std::vector<at::Tensor> inputs) {
  for (at::Tensor& input : inputs) input.requires_grad_(true);
  const at::Tensor one = kernel(inputs), other = composed(inputs);
  ASSERT_EQ(one.sizes(), other.sizes());
  EXPECT_LT(Apart(one, other), 2e-6 * one.abs().max().item<double>());
  const auto to_one = torch::autograd::grad({Summed(one)}, inputs);
  const auto to_other = torch::autograd::grad({Summed(other)}, inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const double largest = to_one[i].abs().max().item<double>();
    EXPECT_GT(largest, 0.01) << "input " << i;
    EXPECT_LT(Apart(to_one[i], to_other[i]), 1e-5 * largest) << "input " << i;
  }
}

TEST(Composed, NormsAndGatesAsTheKernels) {
  ExpectSame([](const auto& in) { return RmsNorm(in[0], in[1], 1e-3); },
             [](const auto& in) { return composed::RmsNorm(in[0], in[1], 1e-3); },
             {Normal({2, 5, 48}, 1), Normal({48}, 2)});
  ExpectSame([](const auto& in) { return SwiGlu(in[0], in[1]); },
             [](const auto& in) { return composed::SwiGlu(in[0], in[1]); },
             {Normal({2, 5, 48}, 1), Normal({2, 5, 48}, 2)});
}

// A sequence's number may come again in a row, but not side by side: the taps end at its edge.
TEST(Composed, ConvolvesAsTheKernel) {
  const at::Tensor again =
      at::tensor(std::vector<int64_t>{0, 0, 1, 0, 0, 2, 2, 3, 3, 3, 3, 3, -1, -1}).view({2, 7});
  for (const at::Tensor& segments : {Segments(), again, at::zeros({2, 7}, at::kLong)}) {
    for (const int64_t kernel : {1, 4, 9}) {
      ExpectSame(
          [&](const auto& in) { return CausalConvSilu(in[0], in[1], in[2], segments); },
          [&](const auto& in) { return composed::CausalConvSilu(in[0], in[1], in[2], segments); },
          {Normal({2, 7, 24}, 1), Normal({24, kernel}, 2), Normal({24}, 3)});
    }
  }
}

TEST(Composed, TurnsAsTheKernel) {
  const at::Tensor positions = at::tensor(std::vector<int64_t>{0, 1, 7, 0, 2, 300}).view({2, 3});
  for (const bool neox : {false, true}) {
    for (const int64_t rotary : {4, 8}) {
      const at::Tensor turns = RotaryTurns(positions, rotary, 10000);
      ExpectSame([&](const auto& in) { return Rotate(in[0], positions, rotary, 10000, neox); },
                 [&](const auto& in) { return composed::Rotate(in[0], turns, neox); },
                 {Normal({2, 3, 2, 8}, 1)});
    }
  }
}

ScanInput ScanOf(const std::vector<at::Tensor>& in, const at::Tensor& segments) {
  return {.x = in[0],
          .step = at::softplus(in[1]),
          .decay = -at::exp(in[2]),
          .b = in[3],
          .c = in[4],
          .segments = segments};
}
// Heads 64 wide go by in vectors, others number by number.
std::vector<at::Tensor> ScanTensors(int64_t rows, int64_t time, int64_t size = 3) {
  return {Normal({rows, time, 4, size}, 1), Normal({rows, time, 4}, 2) - 1, Normal({4}, 3) - 1,
          Normal({rows, time, 2, 5}, 4), Normal({rows, time, 2, 5}, 5)};
}

// Token by token, as the formula says it.
at::Tensor ScanStepByStep(const ScanInput& in) {
  const int64_t time = in.x.size(1), share = in.x.size(2) / in.b.size(2);
  const at::Tensor b = in.b.repeat_interleave(share, 2), c = in.c.repeat_interleave(share, 2);
  at::Tensor h = at::zeros({in.x.size(0), in.x.size(2), b.size(3), in.x.size(3)});
  std::vector<at::Tensor> y;
  for (int64_t t = 0; t < time; ++t) {
    const at::Tensor step = in.step.select(1, t);
    if (t > 0) {
      const at::Tensor same = in.segments.select(1, t).eq(in.segments.select(1, t - 1));
      h = h * (step * in.decay).exp().unsqueeze(-1).unsqueeze(-1) * same.view({-1, 1, 1, 1});
    }
    const at::Tensor added =
        at::matmul(b.select(1, t).unsqueeze(-1), in.x.select(1, t).unsqueeze(-2));
    h = h + added * step.unsqueeze(-1).unsqueeze(-1);
    y.push_back(at::matmul(c.select(1, t).unsqueeze(-2), h).squeeze(-2));
  }
  return at::stack(y, 1);
}

TEST(StateSpaceScan, IsTheRecurrenceWhateverTheChunk) {
  at::Tensor segments = at::zeros({2, 45}, at::kLong);  // the second row: one long sequence
  segments[0].narrow(0, 11, 25).fill_(1);
  segments[0].narrow(0, 36, 9).fill_(-1);
  for (const int64_t size : {3, 64, 128}) {
    const ScanInput input = ScanOf(ScanTensors(2, 45, size), segments);
    const at::Tensor expected = ScanStepByStep(input);
    for (const int64_t chunk : {1, 2, 7, 32, 45, 64}) {
      EXPECT_LT(Apart(ScanByChunks(input, chunk), expected), 2e-5) << "chunk " << chunk;
    }
    EXPECT_LT(Apart(StateSpaceScan(input), expected), 2e-5) << "size " << size;
  }
}

TEST(StateSpaceScan, ItsGradients) {
  for (const int64_t chunk : {3, 32}) {
    ExpectGradients([&](const auto& in) { return ScanByChunks(ScanOf(in, Segments()), chunk); },
                    ScanTensors(2, 7));
  }
  ExpectGradients([](const auto& in) { return StateSpaceScan(ScanOf(in, Segments())); },
                  ScanTensors(2, 7));
}

// Longer than what is kept of its states, so that some are computed again on the way back.
TEST(StateSpaceScan, OnePassAndChunksHaveTheSameGradients) {
  at::Tensor segments = at::zeros({2, 80}, at::kLong);
  segments[0].narrow(0, 35, 45).fill_(1);
  for (const int64_t size : {3, 64, 128}) {
    std::vector<at::Tensor> tensors = ScanTensors(2, 80, size);
    for (at::Tensor& tensor : tensors) tensor.requires_grad_(true);
    const at::Tensor weights = Normal({2, 80, 4, size}, 6);
    const auto gradients = [&](const at::Tensor& y) {
      return torch::autograd::grad({(y * weights).sum()}, tensors);
    };
    const ScanInput input = ScanOf(tensors, segments);
    const auto one_pass = gradients(StateSpaceScan(input));
    const auto chunks = gradients(ScanByChunks(ScanOf(tensors, segments), 16));
    for (size_t i = 0; i < one_pass.size(); ++i) {
      EXPECT_LT(Apart(one_pass[i], chunks[i]), 2e-4 * chunks[i].abs().max().item<double>())
          << "size " << size << ", input " << i;
    }
  }
}

// More threads than rows: the heads of a row, or its channels, are dealt among them.
TEST(StateSpaceScan, ARowOnSeveralThreadsHasTheSameGradients) {
  const at::Tensor segments = at::zeros({1, 40}, at::kLong);
  std::vector<at::Tensor> tensors = ScanTensors(1, 40, 64);
  for (at::Tensor& tensor : tensors) tensor.requires_grad_(true);
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    return torch::autograd::grad({Summed(StateSpaceScan(ScanOf(tensors, segments)))}, tensors);
  };
  const int before = at::get_num_threads();
  const auto one = gradients(1);
  for (const int threads : {2, 3, 7, 16}) {
    const auto several = gradients(threads);
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_LT(Apart(several[i], one[i]), 1e-5 * one[i].abs().max().item<double>())
          << threads << " threads, input " << i;
    }
  }
  at::set_num_threads(before);
}

TEST(Kernels, AConvolutionOfOneRowOnSeveralThreads) {
  const std::vector<at::Tensor> inputs{Normal({1, 30, 37}, 1).requires_grad_(true),
                                       Normal({37, 4}, 2).requires_grad_(true),
                                       Normal({37}, 3).requires_grad_(true)};
  const at::Tensor segments = at::zeros({1, 30}, at::kLong);
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    return torch::autograd::grad(
        {Summed(CausalConvSilu(inputs[0], inputs[1], inputs[2], segments))}, inputs);
  };
  const int before = at::get_num_threads();
  const auto one = gradients(1);
  for (const int threads : {2, 5, 40}) {
    const auto several = gradients(threads);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(Apart(several[i], one[i]), 0) << threads;
  }
  at::set_num_threads(before);
}

TEST(Recomputed, ItsGradientsAreThoseOfItsInsides) {
  at::Tensor weight = Normal({4, 4}, 2);
  ExpectGradients(
      [](const auto& in) {
        const auto step = [w = in[1]](const at::Tensor& x) { return at::tanh(at::matmul(x, w)); };
        return Recomputed(step, Recomputed(step, in[0]));
      },
      {Normal({3, 4}, 1), weight});
}

TEST(Recomputed, DrawsTheSameRandomNumbersTwice) {
  at::Tensor x = at::ones({1000}).requires_grad_(true);
  const at::Tensor y =
      Recomputed([](const at::Tensor& in) { return at::dropout(in, 0.5, true); }, x);
  at::rand({7});  // what others draw meanwhile does not matter
  torch::autograd::backward({y.sum()}, {});
  EXPECT_EQ(Apart(x.grad(), y), 0) << "y = mask * 2 * 1";
  EXPECT_NE(y.min().item<double>(), y.max().item<double>());
}

TEST(Recomputed, NothingIsRememberedWithoutGradients) {
  const at::NoGradGuard no_grad;
  const at::Tensor y = Recomputed([](const at::Tensor& in) { return in * 2; }, at::ones({3}));
  EXPECT_FALSE(y.requires_grad());
}

}  // namespace
}  // namespace understudy::nn
