#include "flywheel/cluster/exemplars.h"

#include <algorithm>

namespace understudy {
namespace {

constexpr size_t kCallsAnExemplar = 50;
constexpr int kRounds = 12;

Embedding MeanOf(std::span<const Embedding> points) {
  Embedding mean{};
  for (const Embedding& point : points) {
    for (size_t i = 0; i < kEmbeddingSize; ++i) mean[i] += point[i];
  }
  Normalize(mean);
  return mean;
}

size_t NearestOf(std::span<const Embedding> exemplars, const Embedding& point) {
  size_t best = 0;
  float most = -2;
  for (size_t i = 0; i < exemplars.size(); ++i) {
    const float cosine = Dot(exemplars[i], point);
    if (cosine > most) most = cosine, best = i;
  }
  return best;
}

// The mean, and then each time the point that is farthest from all before.
std::vector<Embedding> Beginnings(std::span<const Embedding> points, size_t count) {
  std::vector<Embedding> exemplars{MeanOf(points)};
  std::vector<float> nearest(points.size(), -2);
  while (exemplars.size() < count) {
    for (size_t i = 0; i < points.size(); ++i) {
      nearest[i] = std::max(nearest[i], Dot(exemplars.back(), points[i]));
    }
    const auto farthest = std::ranges::min_element(nearest);
    if (*farthest > 0.999F) break;
    exemplars.push_back(points[static_cast<size_t>(farthest - nearest.begin())]);
  }
  return exemplars;
}

}  // namespace

std::vector<Embedding> ExemplarsOf(std::span<const Embedding> points) {
  const size_t count = std::clamp<size_t>(points.size() / kCallsAnExemplar, 1, kMostExemplars);
  std::vector<Embedding> exemplars = Beginnings(points, count);
  for (int round = 0; round < kRounds && exemplars.size() > 1; ++round) {
    std::vector<Embedding> sums(exemplars.size(), Embedding{});
    for (const Embedding& point : points) {
      Embedding& sum = sums[NearestOf(exemplars, point)];
      for (size_t i = 0; i < kEmbeddingSize; ++i) sum[i] += point[i];
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      if (Normalize(sums[i])) exemplars[i] = sums[i];
    }
  }
  return exemplars;
}

float NearestCosine(std::span<const Embedding> exemplars, const Embedding& point) {
  return Dot(exemplars[NearestOf(exemplars, point)], point);
}

std::array<float, kClosenessSteps + 1> StepsOf(std::vector<float> cosines) {
  std::array<float, kClosenessSteps + 1> steps{};
  if (cosines.empty()) return steps;
  std::ranges::sort(cosines);
  for (size_t i = 0; i <= kClosenessSteps; ++i) {
    steps[i] = cosines[(cosines.size() - 1) * i / kClosenessSteps];
  }
  return steps;
}

}  // namespace understudy
