#include "flywheel/curate/minhash.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include <fmt/format.h>

namespace understudy {
namespace {

std::string Words(std::mt19937& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("w{} ", random() % 5000);
  return text;
}

double TrueJaccard(std::string_view a, std::string_view b) {
  const auto left = ShinglesOf(a), right = ShinglesOf(b);
  const std::set<uint32_t> x(left.begin(), left.end()), y(right.begin(), right.end());
  size_t both = 0;
  for (const uint32_t shingle : x) both += y.contains(shingle);
  return static_cast<double>(both) / static_cast<double>(x.size() + y.size() - both);
}

// The estimate is a mean of 128 draws: over 300 pairs its error averages out to almost nothing, and
// no single one is further off than five standard errors.
TEST(MinHash, EstimatesTheTrueSimilarity) {
  std::mt19937 random(1);
  double bias = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string common = Words(random, 200);
    const std::string a = common + Words(random, static_cast<int>(random() % 150));
    const std::string b = common + Words(random, static_cast<int>(random() % 150));
    const double truth = TrueJaccard(a, b);
    const double estimate = Similarity(SketchOf(ShinglesOf(a)), SketchOf(ShinglesOf(b)));
    EXPECT_NEAR(estimate, truth, 5 * std::sqrt(truth * (1 - truth) / kSketchSize) + 0.01);
    bias += estimate - truth;
  }
  EXPECT_NEAR(bias / 300, 0, 0.01);
}

TEST(MinHash, ShinglesIgnoreCaseAndBlanks) {
  EXPECT_EQ(ShinglesOf("One two, THREE"), ShinglesOf(" one  Two,\nthree "));
  EXPECT_NE(ShinglesOf("one two three"), ShinglesOf("one two, three"));
  EXPECT_TRUE(ShinglesOf(" \n").empty());
  EXPECT_EQ(ShinglesOf("one").size(), 1u);
  EXPECT_EQ(ShinglesOf("a b c d").size(), 2u);
  EXPECT_EQ(ShinglesOf("\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97\xE5\x97\x8E").size(), 2u);
}

TEST(MinHash, BandsMissOnePairInAHundredAtMost) {
  for (const double threshold : {0.5, 0.7, 0.8, 0.9, 0.95, 1.0}) {
    const auto places = static_cast<double>(BandPlaces(threshold));
    EXPECT_LE(std::pow(1 - std::pow(threshold, places), kSketchSize / places), 0.01);
  }
  EXPECT_EQ(BandPlaces(0.9), 8u);
}

TEST(MinHash, FindsNearPairsAndNoOthers) {
  std::mt19937 random(2);
  std::vector<Sketch> sketches;
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    const std::string text = Words(random, 120);
    texts.push_back(text);
    texts.push_back(text + "more");  // one shingle of 119 is new
  }
  for (const std::string& text : texts) sketches.push_back(SketchOf(ShinglesOf(text)));
  const auto pairs = NearPairs(sketches, 0.9);
  std::set<uint32_t> found;
  for (const auto& [a, b] : pairs) {
    EXPECT_EQ(a / 2, b / 2);
    EXPECT_GE(Similarity(sketches[a], sketches[b]), 0.9);
    found.insert(a / 2);
  }
  EXPECT_EQ(found.size(), 200u);
}

TEST(MinHash, ManyEqualRowsAreJoinedInLinearTime) {
  const std::vector<Sketch> sketches(100'000, SketchOf(ShinglesOf("no thanks that is all")));
  EXPECT_EQ(NearPairs(sketches, 0.9).size(), sketches.size() - 1);
}

}  // namespace
}  // namespace understudy
