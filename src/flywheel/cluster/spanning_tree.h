// The minimum spanning tree of points under mutual reachability, which hdbscan.h makes clusters of.
// Distances are Euclidean. Points are rows of `dimensions` floats; the first neighbour of a point
// is itself, as scikit-learn counts: a point's core distance is that to its `min_samples`-th.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "flywheel/cluster/hdbscan.h"

namespace understudy {

struct Points {
  std::span<const float> values;
  size_t dimensions = 1;

  size_t count() const { return values.size() / dimensions; }
  const float* row(size_t i) const { return values.data() + i * dimensions; }
};

// Each point's k nearest points, itself among them: k ids and k squared distances a point, nearest
// first.
struct Neighbours {
  size_t k = 0;
  std::vector<uint32_t> ids;
  std::vector<float> squared;
};
using FindNeighbours = std::function<Result<Neighbours>(const Points& points, size_t k)>;

float SquaredDistance(const float* a, const float* b, size_t dimensions);

// Every pair compared: k from 1 to the number of points. The reference for faster ones.
Result<Neighbours> NeighboursByAllPairs(const Points& points, size_t k);

// Exactly, by Prim's algorithm: n^2 distances.
std::vector<TreeEdge> TreeOfAllPairs(const Points& points, size_t min_samples);

// From the graph of each point's neighbours. Its components are connected by their nearest pairs,
// found among all, so that the tree is whole: a step of Boruvka's algorithm until one is left.
// neighbours.k must be at least min_samples.
std::vector<TreeEdge> TreeOfGraph(const Points& points, const Neighbours& neighbours,
                                  size_t min_samples);

}  // namespace understudy
