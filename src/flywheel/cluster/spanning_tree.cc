#include "flywheel/cluster/spanning_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "flywheel/curate/groups.h"

namespace understudy {
namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

// Squared core distances.
std::vector<float> CoresOf(const Points& points, size_t min_samples) {
  std::vector<float> cores(points.count()), distances(points.count());
  const size_t place = std::clamp<size_t>(min_samples, 1, points.count()) - 1;
  for (size_t i = 0; i < points.count(); ++i) {
    for (size_t j = 0; j < points.count(); ++j) {
      distances[j] = SquaredDistance(points.row(i), points.row(j), points.dimensions);
    }
    std::ranges::nth_element(distances, distances.begin() + static_cast<ptrdiff_t>(place));
    cores[i] = distances[place];
  }
  return cores;
}

TreeEdge EdgeOf(uint32_t a, uint32_t b, float squared) {
  return {a, b, std::sqrt(squared)};
}

// For each component but the largest, the edge to the nearest point outside.
std::vector<TreeEdge> NearestOutside(const Points& points, const std::vector<float>& cores,
                                     Union& sets) {
  const size_t count = points.count();
  std::unordered_map<uint32_t, uint32_t> sizes;
  std::vector<uint32_t> set(count);
  for (uint32_t i = 0; i < count; ++i) ++sizes[set[i] = sets.Find(i)];
  const uint32_t largest =
      std::ranges::max_element(sizes, {}, [](const auto& entry) { return entry.second; })->first;
  std::unordered_map<uint32_t, TreeEdge> best;
  for (uint32_t i = 0; i < count; ++i) {
    if (set[i] == largest) continue;
    TreeEdge& edge = best.try_emplace(set[i], TreeEdge{i, i, kFar}).first->second;
    if (cores[i] >= edge.distance) continue;
    for (uint32_t j = 0; j < count; ++j) {
      if (set[j] == set[i] || cores[j] >= edge.distance) continue;
      const float squared = std::max(
          {SquaredDistance(points.row(i), points.row(j), points.dimensions), cores[i], cores[j]});
      if (squared < edge.distance) edge = {i, j, squared};
    }
  }
  std::vector<TreeEdge> edges;
  for (const auto& [of, edge] : best) edges.push_back(edge);
  std::ranges::sort(edges, {}, [](const TreeEdge& e) { return std::tuple(e.distance, e.a, e.b); });
  return edges;
}

}  // namespace

float SquaredDistance(const float* a, const float* b, size_t dimensions) {
  constexpr size_t kLanes = 8;
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= dimensions; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) sums[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  for (; i < dimensions; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

Result<Neighbours> NeighboursByAllPairs(const Points& points, size_t k) {
  const size_t count = points.count();
  if (k < 1 || k > count) {
    return Fail(InvalidInput(fmt::format("there are no {} neighbours among {} points", k, count)));
  }
  Neighbours found{.k = k};
  std::vector<std::pair<float, uint32_t>> all(count);
  for (size_t i = 0; i < count; ++i) {
    for (uint32_t j = 0; j < count; ++j) {
      all[j] = {j == i ? -1 : SquaredDistance(points.row(i), points.row(j), points.dimensions), j};
    }
    std::ranges::partial_sort(all, all.begin() + static_cast<ptrdiff_t>(k));
    for (size_t n = 0; n < k; ++n) {
      found.squared.push_back(std::max(0.0F, all[n].first));
      found.ids.push_back(all[n].second);
    }
  }
  return found;
}

std::vector<TreeEdge> TreeOfAllPairs(const Points& points, size_t min_samples) {
  const size_t count = points.count();
  std::vector<TreeEdge> edges;
  if (count < 2) return edges;
  const std::vector<float> cores = CoresOf(points, min_samples);
  std::vector<float> nearest(count, kFar);  // to the tree
  std::vector<uint32_t> from(count, 0);
  std::vector<bool> in_tree(count, false);
  uint32_t last = 0;
  for (size_t n = 1; n < count; ++n) {
    in_tree[last] = true;
    uint32_t next = 0;
    float least = kFar;
    for (uint32_t j = 0; j < count; ++j) {
      if (in_tree[j]) continue;
      const float squared =
          std::max({SquaredDistance(points.row(last), points.row(j), points.dimensions),
                    cores[last], cores[j]});
      if (squared < nearest[j]) nearest[j] = squared, from[j] = last;
      if (nearest[j] < least || next == 0) least = nearest[j], next = j;
    }
    edges.push_back(EdgeOf(from[next], next, nearest[next]));
    last = next;
  }
  return edges;
}

std::vector<TreeEdge> TreeOfGraph(const Points& points, const Neighbours& neighbours,
                                  size_t min_samples) {
  const size_t count = points.count(), k = neighbours.k;
  std::vector<TreeEdge> edges, tree;
  if (count < 2) return tree;
  std::vector<float> cores(count);
  const size_t place = std::clamp<size_t>(min_samples, 1, k) - 1;
  for (size_t i = 0; i < count; ++i) cores[i] = neighbours.squared[i * k + place];
  for (uint32_t i = 0; i < count; ++i) {
    for (size_t n = 0; n < k; ++n) {
      const uint32_t j = neighbours.ids[i * k + n];
      if (i == j) continue;
      edges.push_back({i, j, std::max({neighbours.squared[i * k + n], cores[i], cores[j]})});
    }
  }
  std::ranges::sort(edges, {}, [](const TreeEdge& e) { return std::tuple(e.distance, e.a, e.b); });
  Union sets(count);
  const auto take = [&](const std::vector<TreeEdge>& sorted) {
    for (const TreeEdge& edge : sorted) {
      if (sets.Join(edge.a, edge.b)) tree.push_back(EdgeOf(edge.a, edge.b, edge.distance));
    }
  };
  take(edges);
  while (tree.size() + 1 < count) take(NearestOutside(points, cores, sets));
  return tree;
}

}  // namespace understudy
