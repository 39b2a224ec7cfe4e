// Labels against those of scikit-learn's HDBSCAN: golden/hdbscan.json, made by
// make_hdbscan_golden.py from sets whose clusters do not depend on the order of equal distances.
#include "flywheel/cluster/hdbscan.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "flywheel/cluster/spanning_tree.h"
#include "support/paths.h"

namespace understudy {
namespace {

struct Golden {
  std::string name;
  size_t dimensions = 0, min_cluster_size = 0, min_samples = 0;
  std::vector<float> points;
  std::vector<int32_t> labels;
};

std::vector<Golden> ReadGolden() {
  const auto text = ReadFile(SourceFolder() / "tests/flywheel/golden/hdbscan.json");
  EXPECT_TRUE(text);
  const auto parsed = ParseJson(text.value_or("[]"));
  EXPECT_TRUE(parsed);
  std::vector<Golden> sets;
  for (const json::value& item : parsed->as_array()) {
    Golden golden;
    golden.name = StringOr(item, "name");
    golden.dimensions = static_cast<size_t>(IntOr(item, "dimensions", 0));
    golden.min_cluster_size = static_cast<size_t>(IntOr(item, "min_cluster_size", 0));
    golden.min_samples = static_cast<size_t>(IntOr(item, "min_samples", 0));
    for (const json::value& value : item.at("points").as_array()) {
      golden.points.push_back(static_cast<float>(value.to_number<double>()));
    }
    for (const json::value& value : item.at("labels").as_array()) {
      golden.labels.push_back(static_cast<int32_t>(value.as_int64()));
    }
    sets.push_back(std::move(golden));
  }
  return sets;
}

// Rows whose label is not the other's, once clusters are named alike. A cluster of one that is not
// exactly one cluster of the other makes its rows count.
size_t Different(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  std::map<int32_t, int32_t> name{{kNoise, kNoise}}, back{{kNoise, kNoise}};
  size_t different = a.size() == b.size() ? 0 : a.size();
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const int32_t ab = name.try_emplace(a[i], b[i]).first->second;
    const int32_t ba = back.try_emplace(b[i], a[i]).first->second;
    different += ab != b[i] || ba != a[i];
  }
  return different;
}

TEST(Hdbscan, EqualsScikitLearnOnSmallSets) {
  const std::vector<Golden> sets = ReadGolden();
  ASSERT_EQ(sets.size(), 6u);
  for (const Golden& golden : sets) {
    const Points points{golden.points, golden.dimensions};
    ASSERT_EQ(points.count(), golden.labels.size());
    const auto labels = LabelsOfTree(TreeOfAllPairs(points, golden.min_samples), points.count(),
                                     golden.min_cluster_size);
    EXPECT_EQ(Different(labels, golden.labels), 0u) << golden.name;
  }
}

TEST(Hdbscan, EqualsScikitLearnOnANeighbourGraph) {
  for (const Golden& golden : ReadGolden()) {
    const Points points{golden.points, golden.dimensions};
    for (const size_t k : {size_t{24}, points.count()}) {
      const auto graph = NeighboursByAllPairs(points, k);
      ASSERT_TRUE(graph);
      const auto edges = TreeOfGraph(points, *graph, golden.min_samples);
      ASSERT_EQ(edges.size(), points.count() - 1) << "the tree is whole";
      const auto labels = LabelsOfTree(edges, points.count(), golden.min_cluster_size);
      EXPECT_EQ(Different(labels, golden.labels), 0u) << golden.name << ", " << k << " neighbours";
    }
  }
}

TEST(Hdbscan, ConnectsAGraphInManyPieces) {
  // Eight far groups of four points: with three neighbours none knows of another.
  std::vector<float> values;
  for (int group = 0; group < 8; ++group) {
    for (int i = 0; i < 4; ++i) {
      values.push_back(static_cast<float>(group * group * 10) + 0.1F * static_cast<float>(i));
    }
  }
  const Points points{values, 1};
  const auto graph = NeighboursByAllPairs(points, 3);
  ASSERT_TRUE(graph);
  const auto sum = [](const std::vector<TreeEdge>& edges) {
    double all = 0;
    for (const TreeEdge& edge : edges) all += edge.distance;
    return all;
  };
  const auto edges = TreeOfGraph(points, *graph, 2);
  EXPECT_EQ(edges.size(), points.count() - 1);
  EXPECT_NEAR(sum(edges), sum(TreeOfAllPairs(points, 2)), 1e-3);
}

TEST(Hdbscan, TakesPointsThatAreTheSame) {
  std::vector<float> values(40, 1);
  values.resize(80, 5);
  const Points points{values, 2};
  const auto labels = LabelsOfTree(TreeOfAllPairs(points, 5), points.count(), 5);
  EXPECT_EQ(labels.front(), labels[19]);
  EXPECT_EQ(labels.back(), labels[20]);
  EXPECT_NE(labels.front(), labels.back());
  EXPECT_THAT(labels, testing::Each(testing::Ge(0)));
}

TEST(Hdbscan, TakesFewPoints) {
  EXPECT_TRUE(LabelsOfTree({}, 0, 5).empty());
  EXPECT_THAT(LabelsOfTree({}, 1, 5), testing::ElementsAre(kNoise));
  const std::vector<float> two{0, 1};
  EXPECT_THAT(LabelsOfTree(TreeOfAllPairs({two, 1}, 5), 2, 5),
              testing::ElementsAre(kNoise, kNoise));
  EXPECT_TRUE(TreeOfAllPairs({{}, 3}, 5).empty());
  EXPECT_FALSE(NeighboursByAllPairs({two, 1}, 3));
  EXPECT_FALSE(NeighboursByAllPairs({two, 1}, 0));
}

}  // namespace
}  // namespace understudy
