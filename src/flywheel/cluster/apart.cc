#include "flywheel/cluster/apart.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understudy {
namespace {

// What is counted of a cluster, by the rows' numbers.
struct Counts {
  std::vector<double> prompt, coarse, fine;
};

void Count(std::vector<double>& counts, uint32_t number) {
  if (counts.size() <= number) counts.resize(number + 1, 0);
  ++counts[number];
}

void AddTo(std::vector<double>& counts, const std::vector<double>& more) {
  counts.resize(std::max(counts.size(), more.size()), 0);
  for (size_t i = 0; i < more.size(); ++i) counts[i] += more[i];
}

// Below `apart_bits`: one task.
double Difference(const Counts& a, const Counts& b) {
  const double coarse = DivergenceBits(a.coarse, b.coarse);
  const double both = std::min(DivergenceBits(a.prompt, b.prompt), DivergenceBits(a.fine, b.fine));
  return std::max(coarse, both);
}

}  // namespace

double DivergenceBits(std::span<const double> a, std::span<const double> b) {
  const double all_a = std::accumulate(a.begin(), a.end(), 0.0);
  const double all_b = std::accumulate(b.begin(), b.end(), 0.0);
  if (all_a <= 0 || all_b <= 0) return 0;
  double bits = 0;
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const double p = i < a.size() ? a[i] / all_a : 0, q = i < b.size() ? b[i] / all_b : 0;
    const double middle = (p + q) / 2;
    if (p > 0) bits += p / 2 * std::log2(p / middle);
    if (q > 0) bits += q / 2 * std::log2(q / middle);
  }
  return std::clamp(bits, 0.0, 1.0);
}

std::vector<int32_t> MergeAlike(std::span<const ComparedRow> rows, size_t clusters,
                                double apart_bits) {
  std::vector<Counts> counts(clusters);
  for (const ComparedRow& row : rows) {
    if (row.cluster < 0) continue;
    Counts& of = counts[static_cast<size_t>(row.cluster)];
    Count(of.prompt, row.prompt);
    Count(of.coarse, row.coarse);
    for (const uint32_t part : row.fine) Count(of.fine, part);
  }
  std::vector<int32_t> group(clusters);
  std::iota(group.begin(), group.end(), 0);
  std::vector<double> differences(clusters * clusters, 2);
  const auto compare = [&](size_t a, size_t b) {
    if (a > b) std::swap(a, b);
    differences[a * clusters + b] = Difference(counts[a], counts[b]);
  };
  for (size_t a = 0; a < clusters; ++a) {
    for (size_t b = a + 1; b < clusters; ++b) compare(a, b);
  }
  while (!differences.empty()) {
    const auto least = std::ranges::min_element(differences);
    if (*least >= apart_bits) break;
    const auto at = static_cast<size_t>(least - differences.begin());
    const size_t a = at / clusters, b = at % clusters;
    AddTo(counts[a].prompt, counts[b].prompt);
    AddTo(counts[a].coarse, counts[b].coarse);
    AddTo(counts[a].fine, counts[b].fine);
    std::ranges::replace(group, static_cast<int32_t>(b), static_cast<int32_t>(a));
    for (size_t i = 0; i < clusters; ++i) {
      differences[std::min(i, b) * clusters + std::max(i, b)] = 2;
      const bool lives = group[i] == static_cast<int32_t>(i);
      if (lives && i != a) compare(a, i);
    }
  }
  std::vector<int32_t> names = group;
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (int32_t& of : group) {
    of = static_cast<int32_t>(std::ranges::lower_bound(names, of) - names.begin());
  }
  return group;
}

}  // namespace understudy
