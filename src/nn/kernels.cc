#include "nn/kernels.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "nn/composed.h"
#include "nn/ssd.h"
#include "nn/vector_code.h"

namespace understudy::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 16;  // rows a thread takes at least

[[gnu::always_inline]] inline float Sigmoid(float x) {
  return 1.0F / (1.0F + FastExp(-x));
}

// d silu(x) / dx, given sigmoid(x)
[[gnu::always_inline]] inline float SiluSlope(float x, float sigmoid) {
  return sigmoid * (1.0F + x * (1.0F - sigmoid));
}

struct RmsNormFunction : Function<RmsNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, double epsilon) {
    const at::Tensor x = input.contiguous();
    const int64_t width = x.size(-1);
    const int64_t rows = x.numel() / width;
    at::Tensor y = at::empty_like(x);
    at::Tensor inverse = at::empty({rows}, x.options());
    const float* from = x.data_ptr<float>();
    const float* w = weight.data_ptr<float>();
    float* to = y.data_ptr<float>();
    float* inv = inverse.data_ptr<float>();
    at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const float* a = from + row * width;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < width; ++i) sum += a[i] * a[i];
        inv[row] = 1.0F / std::sqrt(sum / static_cast<float>(width) + static_cast<float>(epsilon));
        for (int64_t i = 0; i < width; ++i) to[row * width + i] = a[i] * inv[row] * w[i];
      }
    });
    context->save_for_backward({x, weight, inverse});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor g = gradients[0].contiguous();
    const int64_t width = x.size(-1);
    const int64_t rows = x.numel() / width;
    at::Tensor to_x = at::empty_like(x);
    const float* a = x.data_ptr<float>();
    const float* w = saved[1].data_ptr<float>();
    const float* inv = saved[2].data_ptr<float>();
    const float* up = g.data_ptr<float>();
    float* out = to_x.data_ptr<float>();
    at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row * width;
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t i = 0; i < width; ++i) dot += up[at + i] * w[i] * a[at + i];
        const float pull = dot * inv[row] * inv[row] / static_cast<float>(width);
        for (int64_t i = 0; i < width; ++i) {
          out[at + i] = inv[row] * (up[at + i] * w[i] - a[at + i] * pull);
        }
      }
    });
    at::Tensor to_weight;
    if (saved[1].requires_grad()) {
      to_weight = (g.view({rows, width}) * x.view({rows, width}) * saved[2].unsqueeze(1)).sum(0);
    }
    return {to_x, to_weight, at::Tensor()};
  }
};

UNDERSTUDY_VECTOR_CODE void GateRange(const float* gate, const float* up, float* to,
                                      int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] = gate[i] * Sigmoid(gate[i]) * up[i];
}

UNDERSTUDY_VECTOR_CODE void UngateRange(const float* gate, const float* up, const float* from,
                                        float* to_gate, float* to_up, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float s = Sigmoid(gate[i]);
    to_gate[i] = from[i] * up[i] * SiluSlope(gate[i], s);
    to_up[i] = from[i] * gate[i] * s;
  }
}

struct SwiGluFunction : Function<SwiGluFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_in,
                            const at::Tensor& up_in) {
    const at::Tensor gate = gate_in.contiguous(), up = up_in.contiguous();
    at::Tensor y = at::empty_like(gate);
    const float *a = gate.data_ptr<float>(), *b = up.data_ptr<float>();
    float* to = y.data_ptr<float>();
    at::parallel_for(0, y.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      GateRange(a + begin, b + begin, to + begin, end - begin);
    });
    context->save_for_backward({gate, up});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor g = gradients[0].contiguous();
    at::Tensor to_gate = at::empty_like(g), to_up = at::empty_like(g);
    const float *a = saved[0].data_ptr<float>(), *b = saved[1].data_ptr<float>();
    const float* from = g.data_ptr<float>();
    float *ga = to_gate.data_ptr<float>(), *gb = to_up.data_ptr<float>();
    at::parallel_for(0, g.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      UngateRange(a + begin, b + begin, from + begin, ga + begin, gb + begin, end - begin);
    });
    return {to_gate, to_up};
  }
};

// A convolution's numbers: [.., time, channels], and its taps [kernel, channels].
struct ConvView {
  const float* x;
  const float* taps;
  const int64_t* previous;  // of all rows
  int64_t time, channels, kernel;

  // The step that this one follows, counted through all rows; -1 for none.
  int64_t before(int64_t step) const {
    return previous[step] < 0 ? -1 : step - step % time + previous[step];
  }
  const float* tap(int64_t back) const { return taps + (kernel - 1 - back) * channels; }
};

UNDERSTUDY_VECTOR_CODE void ConvStep(const ConvView& view, int64_t step, const float* bias,
                                     float* before, float* to) {
  const int64_t channels = view.channels;
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) before[c] = bias[c];
  int64_t place = step;
  for (int64_t back = 0; back < view.kernel && place >= 0; ++back, place = view.before(place)) {
    const float *from = view.x + place * channels, *tap = view.tap(back);
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) before[c] += from[c] * tap[c];
  }
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) to[c] = before[c] * Sigmoid(before[c]);
}

struct Channels {
  int64_t begin, end;
};

// `to_sum` and `to_x` are of all rows; `to_taps` is the sum over this row's steps, or null.
UNDERSTUDY_VECTOR_CODE void ConvStepBack(const ConvView& view, int64_t step, Channels some,
                                         const float* before, const float* up, float* to_sum,
                                         float* to_x, float* to_taps) {
  const int64_t channels = view.channels;
  float* sum = to_sum + step * channels;
#pragma omp simd
  for (int64_t c = some.begin; c < some.end; ++c)
    sum[c] = up[c] * SiluSlope(before[c], Sigmoid(before[c]));
  int64_t place = step;
  for (int64_t back = 0; back < view.kernel && place >= 0; ++back, place = view.before(place)) {
    float* out = to_x + place * channels;
    const float* tap = view.tap(back);
#pragma omp simd
    for (int64_t c = some.begin; c < some.end; ++c) out[c] += sum[c] * tap[c];
    if (to_taps == nullptr) continue;
    const float* from = view.x + place * channels;
    float* to_tap = to_taps + (view.kernel - 1 - back) * channels;
#pragma omp simd
    for (int64_t c = some.begin; c < some.end; ++c) to_tap[c] += sum[c] * from[c];
  }
}

struct ConvFunction : Function<ConvFunction> {
  static ConvView View(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& previous) {
    return {.x = x.data_ptr<float>(),
            .taps = taps.data_ptr<float>(),
            .previous = previous.data_ptr<int64_t>(),
            .time = x.size(1),
            .channels = x.size(2),
            .kernel = taps.size(0)};
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& order) {
    const at::Tensor x = input.contiguous(), previous = order.contiguous();
    const at::Tensor taps = weight.t().contiguous();
    at::Tensor before = at::empty_like(x), y = at::empty_like(x);
    const ConvView view = View(x, taps, previous);
    const auto* added = bias.data_ptr<float>();
    auto *pre = before.data_ptr<float>(), *to = y.data_ptr<float>();
    at::parallel_for(0, x.size(0) * view.time, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t step = begin; step < end; ++step) {
        ConvStep(view, step, added, pre + step * view.channels, to + step * view.channels);
      }
    });
    context->save_for_backward({x, weight, bias, previous, before});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &previous = saved[3], &before = saved[4];
    const at::Tensor g = gradients[0].contiguous();
    const at::Tensor taps = weight.t().contiguous();
    const ConvView view = View(x, taps, previous);
    at::Tensor to_sum = at::empty_like(x), to_x = at::zeros_like(x), to_taps;
    if (weight.requires_grad()) {
      to_taps = at::zeros({x.size(0), view.kernel, view.channels}, x.options());
    }
    const auto *up = g.data_ptr<float>(), *pre = before.data_ptr<float>();
    auto *gs = to_sum.data_ptr<float>(), *gx = to_x.data_ptr<float>();
    auto* gt = to_taps.defined() ? to_taps.data_ptr<float>() : nullptr;
    // A row's channels are dealt to threads where there are more threads than rows.
    const int64_t rows = x.size(0), parts = (at::get_num_threads() + rows - 1) / rows;
    at::parallel_for(0, rows * parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i / parts, part = i % parts;
        const Channels some{view.channels * part / parts, view.channels * (part + 1) / parts};
        float* row_taps = gt == nullptr ? nullptr : gt + row * view.kernel * view.channels;
        for (int64_t step = row * view.time; step < (row + 1) * view.time; ++step) {
          const int64_t at = step * view.channels;
          ConvStepBack(view, step, some, pre + at, up + at, gs, gx, row_taps);
        }
      }
    });
    at::Tensor to_weight, to_bias;
    if (to_taps.defined()) to_weight = to_taps.sum(0).t();
    if (saved[2].requires_grad()) to_bias = to_sum.sum(at::IntArrayRef({0, 1}));
    return {to_x, to_weight, to_bias, at::Tensor()};
  }
};

// Turning back is turning by the opposite angle, so one function serves both ways.
at::Tensor Turn(const at::Tensor& input, const at::Tensor& angles, int64_t rotary, bool neox,
                float direction) {
  const at::Tensor x = input.contiguous();
  const int64_t heads = x.size(2), size = x.size(3), half = rotary / 2;
  at::Tensor y = x.clone();
  float* to = y.data_ptr<float>();
  const float* from = x.data_ptr<float>();
  const float* angle = angles.data_ptr<float>();  // [rows * time, half, 2]: cosine, sine
  at::parallel_for(0, x.size(0) * x.size(1), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t step = begin; step < end; ++step) {
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t at = (step * heads + head) * size;
        for (int64_t i = 0; i < half; ++i) {
          const int64_t first = at + (neox ? i : 2 * i),
                        second = at + (neox ? i + half : 2 * i + 1);
          const float c = angle[(step * half + i) * 2];
          const float s = direction * angle[(step * half + i) * 2 + 1];
          to[first] = from[first] * c - from[second] * s;
          to[second] = from[first] * s + from[second] * c;
        }
      }
    }
  });
  return y;
}

struct RotateFunction : Function<RotateFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& angles,
                            int64_t rotary, bool neox) {
    context->save_for_backward({angles});
    context->saved_data["rotary"] = rotary;
    context->saved_data["neox"] = neox;
    return Turn(x, angles, rotary, neox, 1);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {Turn(gradients[0], saved[0], context->saved_data["rotary"].toInt(),
                 context->saved_data["neox"].toBool(), -1),
            at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  if (!x.is_cpu()) return composed::RmsNorm(x, weight, epsilon);
  return RmsNormFunction::apply(x, weight, epsilon);
}

at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up) {
  if (!gate.is_cpu()) return composed::SwiGlu(gate, up);
  return SwiGluFunction::apply(gate, up);
}

at::Tensor CausalConvSilu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& segments, const at::Tensor& previous) {
  if (!x.is_cpu()) return composed::CausalConvSilu(x, weight, bias, segments);
  return ConvFunction::apply(x, weight, bias, previous.defined() ? previous : PreviousOf(segments));
}

at::Tensor RotaryTurns(const at::Tensor& positions, int64_t rotary, double base) {
  const auto exact = positions.options().dtype(at::kDouble);
  const at::Tensor exponents =
      at::arange(0, rotary, 2, exact) * (-std::log(base) / static_cast<double>(rotary));
  const at::Tensor angles = positions.to(at::kDouble).unsqueeze(-1) * at::exp(exponents);
  return at::stack({at::cos(angles), at::sin(angles)}, -1).to(at::kFloat);
}

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& positions, int64_t rotary, double base,
                  bool neox) {
  if (rotary == 0) return x;
  const at::Tensor turns = RotaryTurns(positions, rotary, base);
  if (!x.is_cpu()) return composed::Rotate(x, turns, neox);
  return RotateFunction::apply(x, turns.contiguous(), rotary, neox);
}

}  // namespace understudy::nn
