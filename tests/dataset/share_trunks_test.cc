#include "dataset/share_trunks.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/pack.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The tokens `begin`, then `own`; all of `own` but its first counts.
Sequence Make(std::vector<int32_t> begin, const std::vector<int32_t>& own, int64_t line) {
  Sequence sequence{.tokens = std::move(begin), .weights = {}, .soft = {}, .lines = {line}};
  sequence.weights.assign(sequence.tokens.size() + 1, 0);
  sequence.tokens.insert(sequence.tokens.end(), own.begin(), own.end());
  sequence.weights.resize(sequence.tokens.size(), 1);
  return sequence;
}

std::vector<int32_t> Count(int32_t from, size_t count) {
  std::vector<int32_t> tokens(count);
  for (size_t i = 0; i < count; ++i) tokens[i] = from + static_cast<int32_t>(i);
  return tokens;
}

// Every conversation in it, whole again, by its tokens.
std::map<std::vector<int32_t>, std::vector<float>> Apart(const std::vector<Sequence>& sequences) {
  std::map<std::vector<int32_t>, std::vector<float>> out;
  for (const Sequence& one : sequences) {
    if (one.branches.empty()) out[one.tokens] = one.weights;
    for (size_t i = 0; i < one.branches.size(); ++i) {
      const auto at = [](auto& list, size_t place) {
        return list.begin() + static_cast<std::ptrdiff_t>(place);
      };
      const size_t end = i + 1 < one.branches.size() ? one.branches[i + 1] : one.tokens.size();
      std::vector<int32_t> tokens(one.tokens.begin(), at(one.tokens, one.branches[0]));
      std::vector<float> weights(one.weights.begin(), at(one.weights, one.branches[0]));
      tokens.insert(tokens.end(), at(one.tokens, one.branches[i]), at(one.tokens, end));
      weights.insert(weights.end(), at(one.weights, one.branches[i]), at(one.weights, end));
      out[tokens] = weights;
    }
  }
  return out;
}

size_t TokensOf(const std::vector<Sequence>& sequences) {
  size_t sum = 0;
  for (const Sequence& one : sequences) sum += one.tokens.size();
  return sum;
}

TEST(ShareTrunks, PutsTogetherWhatBeginsAlike) {
  const auto begin = Count(100, 20);
  const std::vector<Sequence> apart{Make(begin, {1, 2}, 1), Make(begin, {3, 4, 5}, 2)};
  const auto shared = ShareTrunks(apart, {});
  ASSERT_EQ(shared.size(), 1U);
  EXPECT_EQ(TokensOf(shared), 25U);
  EXPECT_THAT(shared[0].lines, testing::UnorderedElementsAre(1, 2));
  EXPECT_EQ(Apart(shared), Apart(apart));
}

TEST(ShareTrunks, TwoTasksHaveTwoTrunksAndTheSizeIsKept) {
  std::vector<Sequence> apart;
  for (int32_t i = 0; i < 50; ++i) {
    auto begin = Count(i % 2 == 0 ? 1000 : 2000, 30);
    begin.insert(begin.begin(), {7, 7, 7});  // what all begin with is too short to share alone
    apart.push_back(Make(begin, {i, i + 1, i + 2, i + 3}, i));
  }
  const auto shared = ShareTrunks(apart, {.max_tokens = 64, .usual = 64});
  EXPECT_EQ(Apart(shared), Apart(apart));
  EXPECT_EQ(TokensOf(shared), 50U * 4 + shared.size() * 33);
  for (const Sequence& one : shared) EXPECT_LE(one.tokens.size(), 64U);
}

TEST(ShareTrunks, WhatCountsIsInNoTrunk) {
  // The same conversation twice: nothing differs, and yet both answers are learned.
  const auto begin = Count(100, 20);
  const std::vector<Sequence> apart{Make(begin, {1, 2}, 1), Make(begin, {1, 2}, 2)};
  const auto shared = ShareTrunks(apart, {});
  ASSERT_EQ(shared.size(), 1U);
  EXPECT_EQ(std::ranges::count(shared[0].weights, 1.0F), 2);
  EXPECT_EQ(shared[0].weights[shared[0].branches[0]], 0);
}

TEST(ShareTrunks, StrangersAndLongOnesStayAsTheyAre) {
  const auto begin = Count(100, 20);
  const std::vector<Sequence> apart{Make(begin, Count(500, 60), 1), Make(begin, {1, 2}, 2),
                                    Make(Count(300, 20), {1, 2}, 3)};
  const auto shared = ShareTrunks(apart, {.max_tokens = 40, .usual = 40});
  EXPECT_EQ(Apart(shared), Apart(apart));
  EXPECT_EQ(shared.size(), 3U);
  EXPECT_THAT(ShareTrunks({}, {}), IsEmpty());
}

TEST(ShareTrunks, RecordedAlternativesKeepTheirTokens) {
  auto first = Make(Count(100, 20), {1, 2}, 1), second = Make(Count(100, 20), {3, 4}, 2);
  first.soft.push_back({21, {{2, -0.1F}}});
  second.soft.push_back({21, {{4, -0.2F}}});
  const auto shared = ShareTrunks({first, second}, {});
  ASSERT_EQ(shared.size(), 1U);
  for (const SoftTarget& soft : shared[0].soft) {
    EXPECT_EQ(shared[0].tokens[soft.position], soft.alternatives[0].first);
  }
  EXPECT_EQ(shared[0].soft.size(), 2U);
}

TEST(ShareTrunks, ARowTellsWhatEachTokenFollows) {
  const auto shared =
      ShareTrunks({Make({1, 2, 3}, {8, 8}, 1), Make({1, 2, 3}, {9, 9}, 2)}, {.least_trunk = 2});
  ASSERT_EQ(shared.size(), 1U);
  const PackedRow row = PackRow({.width = 10, .sequences = {0}}, shared, 0);
  EXPECT_THAT(row.positions, ElementsAre(0, 1, 2, 3, 4, 3, 4, 0, 0, 0));
  EXPECT_THAT(row.previous, ElementsAre(-1, 0, 1, 2, 3, 2, 5, -1, -1, -1));
}

}  // namespace
}  // namespace understudy
