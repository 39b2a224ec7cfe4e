// HDBSCAN: clusters as dense regions, whatever their number and shape, and the points between them
// as noise (R. Campello, D. Moulavi, J. Sander, "Density-based clustering based on hierarchical
// density estimates", 2013; L. McInnes, J. Healy, "Accelerated hierarchical density based
// clustering", 2017).
//
// From the edges of a minimum spanning tree of the points under mutual reachability (the greatest
// of two points' distance and their core distances) come the hierarchy of components, its condensed
// tree (without what falls out in less than `min_cluster_size` points), and the clusters with the
// greatest excess of mass. Equal to scikit-learn's HDBSCAN with its defaults, but where
// the order of equal distances decides; so no clusters at all where the points fall into one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace understudy {

struct TreeEdge {
  uint32_t a = 0, b = 0;
  float distance = 0;  // mutual reachability
};

inline constexpr int32_t kNoise = -1;

// `edges`: count - 1 of them, that join all `count` points; any order. Labels from 0 in no
// particular order, or kNoise. min_cluster_size is at least 2.
std::vector<int32_t> LabelsOfTree(std::vector<TreeEdge> edges, size_t count,
                                  size_t min_cluster_size);

}  // namespace understudy
