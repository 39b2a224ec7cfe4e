#include "flywheel/cluster/hdbscan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "flywheel/curate/groups.h"

namespace understudy {
namespace {

// The single-linkage hierarchy: nodes below `count` are points, node count + i is what edge i of
// the sorted edges joined.
struct Join {
  uint32_t left = 0, right = 0;
  double distance = 0;
  uint32_t size = 0;
};

std::vector<Join> JoinAll(std::vector<TreeEdge> edges, size_t count) {
  std::ranges::stable_sort(edges, {}, &TreeEdge::distance);
  Union sets(count);
  std::vector<uint32_t> node(count), sizes(count, 1);  // of each set, by its representative
  std::iota(node.begin(), node.end(), 0);
  std::vector<Join> joins;
  for (const TreeEdge& edge : edges) {
    const uint32_t a = sets.Find(edge.a), b = sets.Find(edge.b);
    const Join join{node[a], node[b], edge.distance, sizes[a] + sizes[b]};
    sets.Join(a, b);
    const uint32_t joined = sets.Find(a);
    node[joined] = static_cast<uint32_t>(count + joins.size());
    sizes[joined] = join.size;
    joins.push_back(join);
  }
  return joins;
}

// Clusters of the condensed tree, parents before their children; 0 is the root.
struct Condensed {
  struct Cluster {
    int32_t parent = -1;
    double birth = 0;  // lambda, one over distance, at which it parts from its parent
    double stability = 0;
    std::vector<int32_t> children;
  };
  std::vector<Cluster> clusters{{}};
  std::vector<int32_t> home;  // of each point: the cluster that it falls out of
};

class Condenser {
 public:
  Condenser(const std::vector<Join>& joins, size_t count, size_t min_size)
      : joins_(joins), count_(count), min_size_(min_size) {
    tree_.home.assign(count, 0);
  }

  Condensed Run() {
    open_.push_back({static_cast<uint32_t>(count_ + joins_.size() - 1), 0});
    while (!open_.empty()) {
      const auto [node, cluster] = open_.back();
      open_.pop_back();
      Open(joins_[node - count_], cluster);
    }
    return std::move(tree_);
  }

 private:
  struct Node {
    uint32_t node;
    int32_t cluster;
  };

  uint32_t SizeOf(uint32_t node) const { return node < count_ ? 1 : joins_[node - count_].size; }

  void Open(const Join& join, int32_t cluster) {
    const double lambda =
        join.distance > 0 ? 1 / join.distance : std::numeric_limits<double>::infinity();
    const bool left = SizeOf(join.left) >= min_size_, right = SizeOf(join.right) >= min_size_;
    const bool splits = left && right;
    for (const uint32_t side : {join.left, join.right}) {
      const bool stays = side == join.left ? left : right;
      if (splits) {
        Leave(cluster, lambda, SizeOf(side));
        GoOn(side, Child(cluster, lambda));
      } else if (stays) {
        GoOn(side, cluster);
      } else {
        FallOut(side, cluster, lambda);
      }
    }
  }

  int32_t Child(int32_t parent, double lambda) {
    const auto child = static_cast<int32_t>(tree_.clusters.size());
    tree_.clusters.push_back({.parent = parent, .birth = lambda});
    tree_.clusters[static_cast<size_t>(parent)].children.push_back(child);
    return child;
  }

  void GoOn(uint32_t node, int32_t cluster) {
    if (node >= count_) {
      open_.push_back({node, cluster});
    } else {
      tree_.home[node] = cluster;  // only where clusters may have one point
    }
  }

  void Leave(int32_t cluster, double lambda, uint32_t points) {
    Condensed::Cluster& of = tree_.clusters[static_cast<size_t>(cluster)];
    const double mass = (lambda - of.birth) * points;
    if (mass == mass) of.stability += mass;  // infinity less infinity is nothing
  }

  void FallOut(uint32_t node, int32_t cluster, double lambda) {
    Leave(cluster, lambda, SizeOf(node));
    std::vector<uint32_t> below{node};
    while (!below.empty()) {
      const uint32_t next = below.back();
      below.pop_back();
      if (next < count_) {
        tree_.home[next] = cluster;
        continue;
      }
      below.push_back(joins_[next - count_].left);
      below.push_back(joins_[next - count_].right);
    }
  }

  const std::vector<Join>& joins_;
  size_t count_, min_size_;
  std::vector<Node> open_;
  Condensed tree_;
};

// Excess of mass: a cluster stays unless its children together are more stable. The root never
// does.
std::vector<bool> Selected(const Condensed& tree) {
  std::vector<bool> selected(tree.clusters.size(), false);
  std::vector<double> best(tree.clusters.size(), 0);
  for (size_t i = tree.clusters.size(); i-- > 1;) {
    const auto& cluster = tree.clusters[i];
    double below = 0;
    for (const int32_t child : cluster.children) below += best[static_cast<size_t>(child)];
    selected[i] = cluster.children.empty() || below <= cluster.stability;
    best[i] = std::max(below, cluster.stability);
  }
  std::vector<bool> within(tree.clusters.size(), false);  // a selected one
  for (size_t i = 1; i < tree.clusters.size(); ++i) {
    const auto parent = static_cast<size_t>(tree.clusters[i].parent);
    within[i] = within[parent] || selected[parent];
    if (within[i]) selected[i] = false;
  }
  return selected;
}

}  // namespace

std::vector<int32_t> LabelsOfTree(std::vector<TreeEdge> edges, size_t count,
                                  size_t min_cluster_size) {
  if (count < 2) return std::vector<int32_t>(count, kNoise);
  const std::vector<Join> joins = JoinAll(std::move(edges), count);
  const Condensed tree = Condenser(joins, count, std::max<size_t>(2, min_cluster_size)).Run();
  const std::vector<bool> selected = Selected(tree);
  std::vector<int32_t> label(tree.clusters.size(), kNoise);
  int32_t next = 0;
  for (size_t i = 1; i < tree.clusters.size(); ++i) {
    label[i] = selected[i] ? next++ : label[static_cast<size_t>(tree.clusters[i].parent)];
  }
  std::vector<int32_t> labels(count);
  for (size_t i = 0; i < count; ++i) labels[i] = label[static_cast<size_t>(tree.home[i])];
  return labels;
}

}  // namespace understudy
