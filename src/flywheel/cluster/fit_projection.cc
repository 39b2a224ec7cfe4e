#include "flywheel/cluster/fit_projection.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "flywheel/cluster/symmetric_eigen.h"
#include "route/task_model.h"

namespace understudy {
namespace {

constexpr size_t kSpare = 16;  // directions beside those asked for: they make these accurate
constexpr size_t kWide = kEmbeddingSize + kSpare;
constexpr int kRounds = 4;
constexpr size_t kRowsAStep = 1024;

struct Entry {
  uint32_t bucket;
  float value;
};

// The texts as weighted sparse rows, and the mean of each group.
struct SparseRows {
  std::vector<size_t> begin{0};
  std::vector<Entry> entries;
  std::vector<uint32_t> group;
  std::vector<std::vector<float>> means;

  size_t count() const { return group.size(); }
  std::span<const Entry> row(size_t i) const {
    return {entries.data() + begin[i], begin[i + 1] - begin[i]};
  }
};

void AddWeighted(std::span<const Feature> features, std::span<const float> idf, float share,
                 std::vector<Entry>& entries) {
  double squares = 0;
  for (const Feature& feature : features) {
    const double weight = feature.weight * idf[feature.bucket];
    squares += weight * weight;
  }
  if (squares == 0) return;
  const float factor = share / static_cast<float>(std::sqrt(squares));
  for (const Feature& feature : features) {
    const float weight = feature.weight * idf[feature.bucket];
    if (weight != 0) entries.push_back({feature.bucket, factor * weight});
  }
}

SparseRows RowsOf(std::span<const FitText> texts, std::span<const float> idf) {
  SparseRows rows;
  uint32_t groups = 0;
  for (const FitText& text : texts) {
    AddWeighted(text.variable, idf, kVariableShare, rows.entries);
    AddWeighted(text.user, idf, 1 - kVariableShare, rows.entries);
    rows.begin.push_back(rows.entries.size());
    rows.group.push_back(text.group);
    groups = std::max(groups, text.group + 1);
  }
  rows.means.assign(groups, std::vector<float>(kBuckets, 0));
  std::vector<float> sizes(groups, 0);
  for (size_t i = 0; i < rows.count(); ++i) {
    for (const Entry& entry : rows.row(i)) rows.means[rows.group[i]][entry.bucket] += entry.value;
    ++sizes[rows.group[i]];
  }
  for (uint32_t g = 0; g < groups; ++g) {
    for (float& value : rows.means[g]) value /= std::max(1.0F, sizes[g]);
  }
  return rows;
}

using Wide = std::array<float, kWide>;
using Basis = std::vector<Wide>;  // kBuckets rows

void AddTimes(Wide& out, float factor, const Wide& in) {
  for (size_t i = 0; i < kWide; ++i) out[i] += factor * in[i];
}

// What each group's mean projects to.
std::vector<Wide> MeansIn(const SparseRows& rows, const Basis& basis) {
  std::vector<Wide> means(rows.means.size(), Wide{});
  for (size_t g = 0; g < means.size(); ++g) {
    for (size_t b = 0; b < kBuckets; ++b) {
      if (rows.means[g][b] != 0) AddTimes(means[g], rows.means[g][b], basis[b]);
    }
  }
  return means;
}

Wide RowIn(const SparseRows& rows, size_t i, const Basis& basis, const std::vector<Wide>& means) {
  Wide out{};
  for (const Entry& entry : rows.row(i)) AddTimes(out, entry.value, basis[entry.bucket]);
  AddTimes(out, -1, means[rows.group[i]]);
  return out;
}

// Modified Gram-Schmidt, twice over; what is all in the others becomes zeros.
void Orthonormalize(Basis& basis) {
  std::vector<std::vector<float>> columns(kWide, std::vector<float>(kBuckets));
  for (size_t b = 0; b < kBuckets; ++b) {
    for (size_t i = 0; i < kWide; ++i) columns[i][b] = basis[b][i];
  }
  const auto dot = [](const std::vector<float>& a, const std::vector<float>& b) {
    std::array<float, 8> sums{};
    for (size_t n = 0; n < kBuckets; n += 8) {
      for (size_t j = 0; j < 8; ++j) sums[j] += a[n + j] * b[n + j];
    }
    double sum = 0;
    for (const float part : sums) sum += part;
    return sum;
  };
  for (size_t i = 0; i < kWide; ++i) {
    const double before = std::sqrt(dot(columns[i], columns[i]));
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t j = 0; j < i; ++j) {
        const auto share = static_cast<float>(dot(columns[i], columns[j]));
        for (size_t b = 0; b < kBuckets; ++b) columns[i][b] -= share * columns[j][b];
      }
    }
    const double length = std::sqrt(dot(columns[i], columns[i]));
    const auto factor = static_cast<float>(length > 1e-5 * before ? 1 / length : 0);
    for (float& value : columns[i]) value *= factor;
  }
  for (size_t b = 0; b < kBuckets; ++b) {
    for (size_t i = 0; i < kWide; ++i) basis[b][i] = columns[i][b];
  }
}

Basis RandomBasis(std::span<const float> idf, uint64_t seed) {
  std::mt19937_64 random(seed);
  Basis basis(kBuckets, Wide{});
  for (size_t b = 0; b < kBuckets; ++b) {
    if (idf[b] == 0) continue;
    for (float& value : basis[b]) value = static_cast<float>(random() >> 11) * 0x1p-52F - 1;
  }
  Orthonormalize(basis);
  return basis;
}

// The directions ordered by how much of the rows they hold, the first kEmbeddingSize of them.
std::vector<float> Principal(const SparseRows& rows, const Basis& basis) {
  const std::vector<Wide> means = MeansIn(rows, basis);
  std::vector<double> products(kWide * kWide, 0);
  for (size_t i = 0; i < rows.count(); ++i) {
    const Wide row = RowIn(rows, i, basis, means);
    for (size_t a = 0; a < kWide; ++a) {
      for (size_t b = 0; b < kWide; ++b) products[a * kWide + b] += double{row[a]} * row[b];
    }
  }
  const EigenPairs eigen = SymmetricEigen(products, kWide);
  std::vector<float> out(kBuckets * kEmbeddingSize, 0);
  for (size_t b = 0; b < kBuckets; ++b) {
    for (size_t d = 0; d < kEmbeddingSize; ++d) {
      double sum = 0;
      for (size_t i = 0; i < kWide; ++i) sum += basis[b][i] * eigen.vectors[d * kWide + i];
      out[b * kEmbeddingSize + d] = static_cast<float>(sum);
    }
  }
  return out;
}

}  // namespace

std::vector<float> IdfOf(std::span<const FitText> texts) {
  std::vector<uint32_t> rows(kBuckets, 0);
  for (const FitText& text : texts) {
    for (const Feature& feature : text.user) ++rows[feature.bucket];
    for (const Feature& feature : text.variable) ++rows[feature.bucket];
  }
  std::vector<float> idf(kBuckets, 0);
  const auto all = static_cast<float>(texts.size());
  for (size_t b = 0; b < kBuckets; ++b) {
    if (rows[b] < 2) continue;
    idf[b] = std::max(0.0F, std::log((1 + all) / (1 + static_cast<float>(rows[b])))) + 1;
  }
  return idf;
}

Result<Projection> FitProjection(std::span<const FitText> texts, uint64_t seed,
                                 const StageRun& run) {
  const std::vector<float> idf = IdfOf(texts);
  const SparseRows rows = RowsOf(texts, idf);
  Basis basis = RandomBasis(idf, seed);
  const auto total = static_cast<int64_t>(kRounds * rows.count());
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Wide> means = MeansIn(rows, basis);
    Basis next(kBuckets, Wide{});
    for (size_t i = 0; i < rows.count(); ++i) {
      if (i % kRowsAStep == 0) {
        const size_t done = static_cast<size_t>(round) * rows.count() + i;
        TRY_VOID(run.Step("Finding directions", static_cast<int64_t>(done), total));
      }
      const Wide row = RowIn(rows, i, basis, means);
      for (const Entry& entry : rows.row(i)) AddTimes(next[entry.bucket], entry.value, row);
    }
    Orthonormalize(next);
    basis = std::move(next);
  }
  return Projection::Quantized(Principal(rows, basis), idf);
}

Embedding EmbeddingOf(const Projection& projection, const FitText& text) {
  Embedding out{};
  projection.Add(text.variable, kVariableShare, out);
  projection.Add(text.user, 1 - kVariableShare, out);
  Normalize(out);
  return out;
}

}  // namespace understudy
