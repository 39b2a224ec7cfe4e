#include "dataset/pack.h"

#include <algorithm>
#include <map>

namespace understudy {
namespace {

constexpr size_t kWindow = 1024;  // sequences that are packed together

struct OpenRow {
  RowPlan plan;
  size_t used = 0;
};

// Of the widths max, max/2, max/4, ... down to least: the smallest that holds `length`.
size_t WidthFor(size_t length, const PackOptions& options) {
  size_t width = options.max_tokens;
  while (width / 2 >= length && width / 2 >= options.least_width) width /= 2;
  return std::max(width, length);
}

void Place(size_t index, size_t length, const PackOptions& options, std::vector<OpenRow>& rows) {
  auto row = std::ranges::find_if(
      rows, [&](const OpenRow& open) { return open.used + length <= open.plan.width; });
  if (row == rows.end()) {
    rows.push_back({{WidthFor(length, options), {}}, 0});
    row = rows.end() - 1;
  }
  row->plan.sequences.push_back(index);
  row->used += length;
}

// The rows of one window, longest sequence first.
std::vector<OpenRow> PackWindow(std::span<const size_t> lengths, std::span<const size_t> order,
                                const PackOptions& options) {
  std::vector<size_t> longest_first(order.begin(), order.end());
  std::ranges::stable_sort(longest_first, std::greater<>(), [&](size_t i) { return lengths[i]; });
  std::vector<OpenRow> rows;
  for (const size_t index : longest_first) Place(index, lengths[index], options, rows);
  return rows;
}

// Rows of a width fill a batch up to the budget; what is left over makes smaller ones.
std::vector<BatchPlan> IntoBatches(std::vector<OpenRow> rows, const PackOptions& options) {
  std::vector<BatchPlan> full;
  std::map<size_t, BatchPlan> open;
  for (OpenRow& row : rows) {
    const size_t width = row.plan.width;
    BatchPlan& batch = open[width];
    batch.push_back(std::move(row.plan));
    if ((batch.size() + 1) * width > options.batch_tokens) full.push_back(std::exchange(batch, {}));
  }
  for (auto& [width, batch] : open) {
    if (!batch.empty()) full.push_back(std::move(batch));
  }
  return full;
}

template <class T>
void ShuffleItems(std::vector<T>& items, SplitMix& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

// Positions and previous tokens of a sequence that begins at `begin` of the row.
void AddOrder(const Sequence& sequence, int32_t begin, PackedRow& row) {
  const auto trunk = static_cast<int32_t>(sequence.branches.empty() ? 0 : sequence.branches[0]);
  auto branch = sequence.branches.begin();
  int32_t position = 0;
  for (size_t i = 0; i < sequence.tokens.size(); ++i, ++position) {
    int32_t previous = i == 0 ? -1 : begin + static_cast<int32_t>(i) - 1;
    if (branch != sequence.branches.end() && *branch == i) {
      previous = begin + trunk - 1;
      position = trunk;
      ++branch;
    }
    row.positions.push_back(position);
    row.previous.push_back(previous);
  }
}

}  // namespace

std::vector<BatchPlan> PlanBatches(std::span<const size_t> lengths, std::vector<size_t> order,
                                   const PackOptions& options, uint64_t epoch) {
  SplitMix random(MixSeed(options.seed, epoch, 1));
  Shuffle(order, random);
  std::vector<OpenRow> rows;
  for (size_t begin = 0; begin < order.size(); begin += kWindow) {
    const auto window = std::span(order).subspan(begin, std::min(kWindow, order.size() - begin));
    std::ranges::move(PackWindow(lengths, window, options), std::back_inserter(rows));
  }
  ShuffleItems(rows, random);  // else a window's longest rows would come first
  auto batches = IntoBatches(std::move(rows), options);
  ShuffleItems(batches, random);
  return batches;
}

PackedRow PackRow(const RowPlan& plan, std::span<const Sequence> sequences, int32_t padding_token) {
  PackedRow row;
  for (size_t segment = 0; segment < plan.sequences.size(); ++segment) {
    const Sequence& sequence = sequences[plan.sequences[segment]];
    const auto begin = static_cast<uint32_t>(row.tokens.size());
    row.tokens.insert(row.tokens.end(), sequence.tokens.begin(), sequence.tokens.end());
    row.weights.insert(row.weights.end(), sequence.weights.begin(), sequence.weights.end());
    row.segments.resize(row.tokens.size(), static_cast<int32_t>(segment));
    AddOrder(sequence, static_cast<int32_t>(begin), row);
    for (const SoftTarget& soft : sequence.soft) {
      row.soft.push_back({begin + soft.position, soft.alternatives});
    }
  }
  row.tokens.resize(plan.width, padding_token);
  row.weights.resize(plan.width, 0);
  row.segments.resize(plan.width, kPaddingSegment);
  row.positions.resize(plan.width, 0);
  row.previous.resize(plan.width, -1);
  return row;
}

uint64_t SplitMix::Next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t SplitMix::Below(uint64_t limit) {
  const uint64_t unfair = UINT64_MAX - UINT64_MAX % limit;  // the last, incomplete round
  uint64_t value = Next();
  while (value >= unfair) value = Next();
  return value % limit;
}

void Shuffle(std::vector<size_t>& items, SplitMix& random) {
  ShuffleItems(items, random);
}

uint64_t MixSeed(uint64_t seed, uint64_t a, uint64_t b) {
  SplitMix random(seed);
  const uint64_t first = random.Next() ^ a;
  const uint64_t second = SplitMix(first).Next() ^ b;
  return SplitMix(second).Next();
}

}  // namespace understudy
