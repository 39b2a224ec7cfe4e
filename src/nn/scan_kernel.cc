#include "nn/scan_kernel.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/vector_code.h"

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

// Where the state does not simply pass from a token of a row to the next one.
struct RowOrder {
  std::vector<int32_t> keep;  // after this token the state is kept in that slot; -1: it is not
  std::vector<int32_t> take;  // before this token the state is taken from that slot; -1: it is not

  // Slots are numbered in time's order.
  RowOrder(const int64_t* previous, int64_t time)
      : keep(static_cast<size_t>(time), -1), take(keep) {
    const auto leaps = [&](int64_t t) { return previous[t] >= 0 && previous[t] != t - 1; };
    for (int64_t t = 0; t < time; ++t) {
      if (leaps(t)) keep[static_cast<size_t>(previous[t])] = 0;
    }
    int32_t slots = 0;
    for (int32_t& slot : keep) {
      if (slot == 0) slot = slots++;
    }
    for (int64_t t = 0; t < time; ++t) {
      if (leaps(t)) take[static_cast<size_t>(t)] = keep[static_cast<size_t>(previous[t])];
    }
    this->slots = slots;
  }
  int64_t slots = 0;
};

// Where one head of one row finds its numbers; token t's x is x + t * x_step, and so on.
struct HeadView {
  const float *x, *step, *b, *c;
  const int64_t* previous;
  const RowOrder* order;
  int64_t x_step, step_step, bc_step;
  float decay;

  bool begins(int64_t t) const { return previous[t] < 0; }
  int64_t keep(int64_t t) const { return order->keep[static_cast<size_t>(t)]; }
  int64_t take(int64_t t) const { return order->take[static_cast<size_t>(t)]; }
  float kept(int64_t t) const { return begins(t) ? 0.0F : std::exp(step[t * step_step] * decay); }
};

struct Tensors {
  at::Tensor x, step, decay, b, c, previous;
  Sizes sizes;
  std::vector<RowOrder> orders;  // one a row

  explicit Tensors(const variable_list& saved)
      : x(saved[0]),
        step(saved[1]),
        decay(saved[2]),
        b(saved[3]),
        c(saved[4]),
        previous(saved[5]),
        sizes{x.size(0), x.size(1), x.size(2), x.size(3), b.size(2), b.size(3)} {
    for (int64_t row = 0; row < sizes.rows; ++row) {
      orders.emplace_back(previous.data_ptr<int64_t>() + row * sizes.time, sizes.time);
    }
  }
  int64_t slots() const {  // of the row that needs most
    return std::ranges::max(orders, {}, &RowOrder::slots).slots;
  }

  HeadView Head(int64_t row, int64_t head) const {
    const Sizes& s = sizes;
    const int64_t group = head / s.heads_a_group();
    const int64_t bc = (row * s.time * s.groups + group) * s.state;
    return {.x = x.data_ptr<float>() + (row * s.time * s.heads + head) * s.size,
            .step = step.data_ptr<float>() + row * s.time * s.heads + head,
            .b = b.data_ptr<float>() + bc,
            .c = c.data_ptr<float>() + bc,
            .previous = previous.data_ptr<int64_t>() + row * s.time,
            .order = &orders[static_cast<size_t>(row)],
            .x_step = s.heads * s.size,
            .step_step = s.heads,
            .bc_step = s.groups * s.state,
            .decay = decay.data_ptr<float>()[head]};
  }
};

// Where the gradients of one head go. Those of B and C are summed over the heads of a group.
struct HeadGradients {
  float *x, *step, *b, *c;
  double decay = 0;
};

// The state [state][size] of a head goes by in columns of kWidth floats. As many are at work at
// once as stay in registers; a head that is no multiple of that takes them one by one.
template <typename Lane, int64_t kColumns>
struct Columns {
  using Column = typename Lane::Type;
  static constexpr int64_t kWidth = sizeof(Column) / sizeof(float) * kColumns;

  [[gnu::always_inline]] static const Column* At(const float* p) {
    return reinterpret_cast<const Column*>(p);
  }
  [[gnu::always_inline]] static Column* At(float* p) { return reinterpret_cast<Column*>(p); }

  // state = kept * state + step * B x^T; with `y`, also y = state^T C.
  [[gnu::always_inline]] static void Advance(const HeadView& head, const Sizes& s, int64_t t,
                                             const float* before, float* after, float* y) {
    const float kept = head.kept(t), step = head.step[t * head.step_step];
    const float *b = head.b + t * head.bc_step, *c = head.c + t * head.bc_step;
    for (int64_t begin = 0; begin < s.size; begin += kWidth) {
      Column x[kColumns], sum[kColumns] = {};
      for (int64_t j = 0; j < kColumns; ++j) x[j] = At(head.x + t * head.x_step + begin)[j];
      for (int64_t n = 0; n < s.state; ++n) {
        const Column* old = At(before + n * s.size + begin);
        Column* now = At(after + n * s.size + begin);
        const float in = step * b[n];
        for (int64_t j = 0; j < kColumns; ++j) {
          const Column cell = kept * old[j] + in * x[j];
          now[j] = cell;
          if (y != nullptr) sum[j] += c[n] * cell;
        }
      }
      if (y == nullptr) continue;
      for (int64_t j = 0; j < kColumns; ++j) At(y + begin)[j] = sum[j];
    }
  }

  [[gnu::always_inline]] static void Forward(const HeadView& head, const Sizes& s, float* y,
                                             float* kept_states, float* slots, float* state) {
    std::fill_n(state, s.cells(), 0.0F);
    for (int64_t t = 0; t < s.time; ++t) {
      if (head.take(t) >= 0) std::copy_n(slots + head.take(t) * s.cells(), s.cells(), state);
      if (t % kScanStride == 0) {
        std::copy_n(state, s.cells(), kept_states + t / kScanStride * s.cells());
      }
      Advance(head, s, t, state, state, y + t * head.x_step);
      if (head.keep(t) >= 0) std::copy_n(state, s.cells(), slots + head.keep(t) * s.cells());
    }
  }

  [[gnu::always_inline]] static void AddTo(float* sum, const float* more, int64_t count) {
    for (int64_t i = 0; i < count; ++i) sum[i] += more[i];
  }

  // One token backwards: `pull` [state][size] is the gradient of the state after token t, and
  // becomes that of the state before it.
  [[gnu::always_inline]] static void Retreat(const HeadView& head, const Sizes& s, int64_t t,
                                             const float* up, const float* before,
                                             const float* after, float* pull, HeadGradients& to) {
    const float kept = head.kept(t), step = head.step[t * head.step_step];
    const float *b = head.b + t * head.bc_step, *c = head.c + t * head.bc_step;
    float *to_b = to.b + t * head.bc_step, *to_c = to.c + t * head.bc_step;
    float to_kept = 0, to_step = 0;
    for (int64_t begin = 0; begin < s.size; begin += kWidth) {
      Column x[kColumns], upward[kColumns], pushed[kColumns] = {}, carried = {};
      for (int64_t j = 0; j < kColumns; ++j) {
        x[j] = At(head.x + t * head.x_step + begin)[j];
        upward[j] = At(up + begin)[j];
      }
      for (int64_t n = 0; n < s.state; ++n) {
        const int64_t at = n * s.size + begin;
        Column* g = At(pull + at);
        const Column *old = At(before + at), *now = At(after + at);
        const float cn = c[n], bn = b[n];
        Column seen = {}, in = {};
        for (int64_t j = 0; j < kColumns; ++j) {
          const Column sum = g[j] + cn * upward[j];
          seen += now[j] * upward[j];
          in += sum * x[j];
          carried += sum * old[j];
          pushed[j] += bn * sum;
          g[j] = kept * sum;
        }
        const float into = Sum(in);
        to_c[n] += Sum(seen);
        to_b[n] += step * into;
        to_step += bn * into;
      }
      to_kept += Sum(carried);
      Column* to_x = At(to.x + t * head.x_step + begin);
      for (int64_t j = 0; j < kColumns; ++j) to_x[j] = step * pushed[j];
    }
    to_kept *= kept;  // d exp(step * decay)
    to.step[t * head.step_step] = to_step + to_kept * head.decay;
    to.decay += static_cast<double>(to_kept) * step;
  }

  // `pulls` [slots][state][size] are the gradients of the kept states, zero at first.
  [[gnu::always_inline]] static void Backward(const HeadView& head, const Sizes& s, const float* up,
                                              const float* kept_states, const float* slots,
                                              float* pulls, float* pull, float* states,
                                              HeadGradients& to) {
    const auto before = [&](int64_t t, const float* at) {
      return head.take(t) < 0 ? at : slots + head.take(t) * s.cells();
    };
    std::fill_n(pull, s.cells(), 0.0F);
    for (int64_t stride = s.strides() - 1; stride >= 0; --stride) {
      const int64_t begin = stride * kScanStride, end = std::min(s.time, begin + kScanStride);
      std::copy_n(kept_states + stride * s.cells(), s.cells(), states);
      for (int64_t t = begin; t < end; ++t) {
        float* at = states + (t - begin) * s.cells();
        Advance(head, s, t, before(t, at), at + s.cells(), nullptr);
      }
      for (int64_t t = end - 1; t >= begin; --t) {
        const float* at = states + (t - begin) * s.cells();
        if (head.keep(t) >= 0) AddTo(pull, pulls + head.keep(t) * s.cells(), s.cells());
        Retreat(head, s, t, up + t * head.x_step, before(t, at), at + s.cells(), pull, to);
        if (head.take(t) < 0) continue;
        AddTo(pulls + head.take(t) * s.cells(), pull, s.cells());
        std::fill_n(pull, s.cells(), 0.0F);
      }
    }
  }
};

using Wide = Columns<ManyFloats, 4>;
using Narrow = Columns<OneFloat, 1>;

UNDERSTUDY_VECTOR_CODE void Forward(const HeadView& head, const Sizes& s, float* y,
                                    float* kept_states, float* slots, float* state) {
  if (s.size % Wide::kWidth == 0) {
    Wide::Forward(head, s, y, kept_states, slots, state);
  } else {
    Narrow::Forward(head, s, y, kept_states, slots, state);
  }
}

UNDERSTUDY_VECTOR_CODE void Backward(const HeadView& head, const Sizes& s, const float* up,
                                     const float* kept_states, const float* slots, float* pulls,
                                     float* pull, float* states, HeadGradients& to) {
  if (s.size % Wide::kWidth == 0) {
    Wide::Backward(head, s, up, kept_states, slots, pulls, pull, states, to);
  } else {
    Narrow::Backward(head, s, up, kept_states, slots, pulls, pull, states, to);
  }
}

// Into how many shares a row's group of heads is cut, so that no thread is idle.
int64_t SharesOf(const Sizes& s) {
  const int64_t whole = s.rows * s.groups;
  return std::clamp<int64_t>((at::get_num_threads() + whole - 1) / whole, 1, s.heads_a_group());
}

// Calls `each` for every head; one thread takes all heads of a share, one after the other.
using EachHead = std::function<void(int64_t row, int64_t head, int64_t share)>;
void ForHeads(const Sizes& s, int64_t shares, const EachHead& each) {
  const int64_t heads = s.heads_a_group();
  at::parallel_for(0, s.rows * s.groups * shares, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t share = i % shares, row = i / shares / s.groups;
      const int64_t first = i / shares % s.groups * heads;
      for (int64_t k = heads * share / shares; k < heads * (share + 1) / shares; ++k) {
        each(row, first + k, share);
      }
    }
  });
}

struct ScanFunction : torch::autograd::Function<ScanFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& step,
                            const at::Tensor& decay, const at::Tensor& b, const at::Tensor& c,
                            const at::Tensor& previous) {
    variable_list saved{x.contiguous(), step.contiguous(), decay.contiguous(),
                        b.contiguous(), c.contiguous(),    previous.contiguous()};
    const Tensors tensors(saved);
    const Sizes& s = tensors.sizes;
    at::Tensor y = at::empty_like(saved[0]);
    at::Tensor kept = at::empty({s.rows, s.heads, s.strides(), s.cells()}, y.options());
    at::Tensor slots = at::empty({s.rows, s.heads, tensors.slots(), s.cells()}, y.options());
    ForHeads(s, SharesOf(s), [&](int64_t row, int64_t head, int64_t) {
      std::vector<float> state(static_cast<size_t>(s.cells()));
      Forward(tensors.Head(row, head), s,
              y.data_ptr<float>() + (row * s.time * s.heads + head) * s.size,
              kept.data_ptr<float>() + (row * s.heads + head) * s.strides() * s.cells(),
              slots.data_ptr<float>() + (row * s.heads + head) * tensors.slots() * s.cells(),
              state.data());
    });
    saved.push_back(kept);
    saved.push_back(slots);
    context->save_for_backward(saved);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensors tensors(saved);
    const Sizes& s = tensors.sizes;
    const at::Tensor up = gradients[0].contiguous();
    at::Tensor to_x = at::empty_like(tensors.x), to_step = at::empty_like(tensors.step);
    // Of B and C each share adds up its own.
    const int64_t shares = SharesOf(s), bc_size = tensors.b.numel();
    at::Tensor to_b = at::zeros({shares, bc_size}, up.options()), to_c = at::zeros_like(to_b);
    at::Tensor to_decay = at::zeros({s.rows, s.heads}, up.options());
    ForHeads(s, shares, [&](int64_t row, int64_t head, int64_t share) {
      const HeadView view = tensors.Head(row, head);
      const int64_t x_at = (row * s.time * s.heads + head) * s.size;
      const int64_t bc_at =
          share * bc_size + (row * s.time * s.groups + head / s.heads_a_group()) * s.state;
      HeadGradients to{.x = to_x.data_ptr<float>() + x_at,
                       .step = to_step.data_ptr<float>() + row * s.time * s.heads + head,
                       .b = to_b.data_ptr<float>() + bc_at,
                       .c = to_c.data_ptr<float>() + bc_at};
      std::vector<float> pull(static_cast<size_t>(s.cells())),
          pulls(static_cast<size_t>(tensors.slots() * s.cells())),
          states(static_cast<size_t>((kScanStride + 1) * s.cells()));
      Backward(view, s, up.data_ptr<float>() + x_at,
               saved[6].data_ptr<float>() + (row * s.heads + head) * s.strides() * s.cells(),
               saved[7].data_ptr<float>() + (row * s.heads + head) * tensors.slots() * s.cells(),
               pulls.data(), pull.data(), states.data(), to);
      to_decay.data_ptr<float>()[row * s.heads + head] = static_cast<float>(to.decay);
    });
    const auto added = [&](const at::Tensor& parts) {
      return parts.sum(0).view(tensors.b.sizes());
    };
    return {to_x, to_step, to_decay.sum(0), added(to_b), added(to_c), at::Tensor()};
  }
};

}  // namespace

at::Tensor ScanOnCpu(const ScanInput& input) {
  const at::Tensor previous =
      input.previous.defined() ? input.previous : PreviousOf(input.segments);
  return ScanFunction::apply(input.x, input.step, input.decay, input.b, input.c, previous);
}

}  // namespace understudy::nn
