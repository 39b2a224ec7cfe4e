#include "nn/scan_kernel.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace understudy::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Sizes {
  int64_t rows, time, heads, size, groups, state;
  int64_t heads_a_group() const { return heads / groups; }
  int64_t strides() const { return (time + kScanStride - 1) / kScanStride; }
  int64_t cells() const { return state * size; }  // of a head's state, [state][size]
};

// Where one head of one row finds its numbers; token t's x is x + t * x_step, and so on.
struct HeadView {
  const float *x, *step, *b, *c;
  const int64_t* segments;
  int64_t x_step, step_step, bc_step;
  float decay;

  bool begins(int64_t t) const { return t == 0 || segments[t] != segments[t - 1]; }
  float kept(int64_t t) const { return begins(t) ? 0.0F : std::exp(step[t * step_step] * decay); }
};

struct Tensors {
  at::Tensor x, step, decay, b, c, segments;
  Sizes sizes;

  explicit Tensors(const variable_list& saved)
      : x(saved[0]),
        step(saved[1]),
        decay(saved[2]),
        b(saved[3]),
        c(saved[4]),
        segments(saved[5]),
        sizes{x.size(0), x.size(1), x.size(2), x.size(3), b.size(2), b.size(3)} {}

  HeadView Head(int64_t row, int64_t head) const {
    const Sizes& s = sizes;
    const int64_t group = head / s.heads_a_group();
    const int64_t bc = (row * s.time * s.groups + group) * s.state;
    return {.x = x.data_ptr<float>() + (row * s.time * s.heads + head) * s.size,
            .step = step.data_ptr<float>() + row * s.time * s.heads + head,
            .b = b.data_ptr<float>() + bc,
            .c = c.data_ptr<float>() + bc,
            .segments = segments.data_ptr<int64_t>() + row * s.time,
            .x_step = s.heads * s.size,
            .step_step = s.heads,
            .bc_step = s.groups * s.state,
            .decay = decay.data_ptr<float>()[head]};
  }
};

// state = kept * state + step * B x^T
void Advance(const HeadView& head, const Sizes& s, int64_t t, const float* before, float* after) {
  const float kept = head.kept(t), step = head.step[t * head.step_step];
  const float *x = head.x + t * head.x_step, *b = head.b + t * head.bc_step;
  for (int64_t n = 0; n < s.state; ++n) {
    const float in = step * b[n];
#pragma omp simd
    for (int64_t p = 0; p < s.size; ++p)
      after[n * s.size + p] = kept * before[n * s.size + p] + in * x[p];
  }
}

void Forward(const HeadView& head, const Sizes& s, float* y, float* kept_states) {
  std::vector<float> state(static_cast<size_t>(s.cells()));
  for (int64_t t = 0; t < s.time; ++t) {
    if (t % kScanStride == 0) std::ranges::copy(state, kept_states + t / kScanStride * s.cells());
    Advance(head, s, t, state.data(), state.data());
    const float* c = head.c + t * head.bc_step;
    float* out = y + t * head.x_step;
    std::fill_n(out, s.size, 0.0F);
    for (int64_t n = 0; n < s.state; ++n) {
      for (int64_t p = 0; p < s.size; ++p)
        out[p] += c[n] * state[static_cast<size_t>(n * s.size + p)];
    }
  }
}

// Where the gradients of one head go. Those of B and C are summed over the heads of a group.
struct HeadGradients {
  float *x, *step, *b, *c;
  double decay = 0;
};

// One token backwards: `pull` [state][size] is the gradient of the state after token t, and becomes
// that of the state before it.
void Retreat(const HeadView& head, const Sizes& s, int64_t t, const float* up, const float* before,
             const float* after, float* pull, HeadGradients& to) {
  const float kept = head.kept(t), step = head.step[t * head.step_step];
  const float *x = head.x + t * head.x_step, *b = head.b + t * head.bc_step,
              *c = head.c + t * head.bc_step;
  float *to_x = to.x + t * head.x_step, *to_b = to.b + t * head.bc_step,
        *to_c = to.c + t * head.bc_step;
  float to_kept = 0, to_step = 0;
  for (int64_t n = 0; n < s.state; ++n) {
    float* g = pull + n * s.size;
    const float *old = before + n * s.size, *now = after + n * s.size;
    float seen = 0, in = 0, carried = 0;
#pragma omp simd reduction(+ : seen, in, carried)
    for (int64_t p = 0; p < s.size; ++p) {
      seen += now[p] * up[p];
      g[p] += c[n] * up[p];
      in += g[p] * x[p];
      carried += g[p] * old[p];
      to_x[p] += step * b[n] * g[p];
      g[p] *= kept;
    }
    to_c[n] += seen;
    to_b[n] += step * in;
    to_step += b[n] * in;
    to_kept += carried;
  }
  to_kept *= kept;  // d exp(step * decay)
  to.step[t * head.step_step] = to_step + to_kept * head.decay;
  to.decay += static_cast<double>(to_kept) * step;
}

void Backward(const HeadView& head, const Sizes& s, const float* up, const float* kept_states,
              HeadGradients& to) {
  const auto cells = static_cast<size_t>(s.cells());
  std::vector<float> pull(cells), states((kScanStride + 1) * cells);
  for (int64_t stride = s.strides() - 1; stride >= 0; --stride) {
    const int64_t begin = stride * kScanStride, end = std::min(s.time, begin + kScanStride);
    std::copy_n(kept_states + stride * s.cells(), cells, states.begin());
    const auto at = [&](int64_t t) { return states.data() + (t - begin) * s.cells(); };
    for (int64_t t = begin; t < end; ++t) Advance(head, s, t, at(t), at(t + 1));
    for (int64_t t = end - 1; t >= begin; --t) {
      Retreat(head, s, t, up + t * head.x_step, at(t), at(t + 1), pull.data(), to);
    }
  }
}

// Calls `each` for every head; one thread takes all heads of a row's group, one after the other.
void ForHeads(const Sizes& s, const std::function<void(int64_t row, int64_t head)>& each) {
  at::parallel_for(0, s.rows * s.groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % s.groups * s.heads_a_group();
      for (int64_t head = first; head < first + s.heads_a_group(); ++head) each(i / s.groups, head);
    }
  });
}

struct ScanFunction : torch::autograd::Function<ScanFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& step,
                            const at::Tensor& decay, const at::Tensor& b, const at::Tensor& c,
                            const at::Tensor& segments) {
    variable_list saved{x.contiguous(), step.contiguous(), decay.contiguous(),
                        b.contiguous(), c.contiguous(),    segments.contiguous()};
    const Tensors tensors(saved);
    const Sizes& s = tensors.sizes;
    at::Tensor y = at::empty_like(saved[0]);
    at::Tensor kept = at::empty({s.rows, s.heads, s.strides(), s.cells()}, y.options());
    ForHeads(s, [&](int64_t row, int64_t head) {
      Forward(tensors.Head(row, head), s,
              y.data_ptr<float>() + (row * s.time * s.heads + head) * s.size,
              kept.data_ptr<float>() + (row * s.heads + head) * s.strides() * s.cells());
    });
    saved.push_back(kept);
    context->save_for_backward(saved);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensors tensors(saved);
    const Sizes& s = tensors.sizes;
    const at::Tensor up = gradients[0].contiguous();
    at::Tensor to_x = at::zeros_like(tensors.x), to_step = at::empty_like(tensors.step);
    at::Tensor to_b = at::zeros_like(tensors.b), to_c = at::zeros_like(tensors.c);
    at::Tensor to_decay = at::zeros({s.rows, s.heads}, up.options());
    ForHeads(s, [&](int64_t row, int64_t head) {
      const HeadView view = tensors.Head(row, head);
      const int64_t x_at = (row * s.time * s.heads + head) * s.size;
      const int64_t bc_at = (row * s.time * s.groups + head / s.heads_a_group()) * s.state;
      HeadGradients to{.x = to_x.data_ptr<float>() + x_at,
                       .step = to_step.data_ptr<float>() + row * s.time * s.heads + head,
                       .b = to_b.data_ptr<float>() + bc_at,
                       .c = to_c.data_ptr<float>() + bc_at};
      Backward(view, s, up.data_ptr<float>() + x_at,
               saved[6].data_ptr<float>() + (row * s.heads + head) * s.strides() * s.cells(), to);
      to_decay.data_ptr<float>()[row * s.heads + head] = static_cast<float>(to.decay);
    });
    return {to_x, to_step, to_decay.sum(0), to_b, to_c, at::Tensor()};
  }
};

}  // namespace

at::Tensor ScanOnCpu(const ScanInput& input) {
  return ScanFunction::apply(input.x, input.step, input.decay, input.b, input.c, input.segments);
}

}  // namespace understudy::nn
