#include "dataset/batches.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

// Sequence i has `length` tokens, all i, under the loss but for the first.
Sequence MakeSequence(size_t length, int32_t token) {
  Sequence sequence;
  sequence.tokens.assign(length, token);
  sequence.weights.assign(length, 1);
  sequence.weights[0] = 0;
  sequence.soft.push_back({1, {{token, -0.5F}}});
  return sequence;
}

std::vector<Sequence> MakeSequences(size_t count, int32_t first = 0) {
  SplitMix random(count);
  std::vector<Sequence> sequences;
  for (size_t i = 0; i < count; ++i) {
    sequences.push_back(
        MakeSequence(2 + random.Below(i % 10 == 0 ? 900 : 120), first + static_cast<int32_t>(i)));
  }
  return sequences;
}

BatchOptions Options(double share = 0) {
  BatchOptions options;
  options.pack = {.max_tokens = 1024, .least_width = 128, .batch_tokens = 4096, .seed = 3};
  options.replay_share = share;
  options.padding_token = -7;
  return options;
}

// How often each token's sequence occurs in an epoch, every row being checked on the way.
std::map<int32_t, int> Occurrences(BatchSource& source, uint64_t epoch) {
  std::map<int32_t, int> times;
  for (size_t i = 0; i < source.batches(epoch); ++i) {
    const Batch batch = source.Get(epoch, i);
    EXPECT_TRUE(batch.rows.size() == 1 || batch.rows.size() * batch.width <= 4096);
    for (const PackedRow& row : batch.rows) {
      EXPECT_EQ(row.tokens.size(), batch.width);
      EXPECT_EQ(row.weights.size(), batch.width);
      EXPECT_EQ(row.segments.size(), batch.width);
      EXPECT_EQ(row.positions.size(), batch.width);
      EXPECT_LE(batch.width, 1024u);
      for (size_t at = 0; at < batch.width; ++at) {
        if (row.segments[at] == kPaddingSegment) {
          EXPECT_EQ(row.tokens[at], -7);
          EXPECT_EQ(row.weights[at], 0);
        } else if (row.positions[at] == 0) {
          ++times[row.tokens[at]];
          EXPECT_EQ(row.weights[at], 0);
          EXPECT_TRUE(at == 0 || row.segments[at] == row.segments[at - 1] + 1);
        } else {
          EXPECT_EQ(row.positions[at], row.positions[at - 1] + 1);
          EXPECT_EQ(row.segments[at], row.segments[at - 1]);
        }
      }
      for (const SoftTarget& soft : row.soft) {
        EXPECT_EQ(row.tokens[soft.position], soft.alternatives.at(0).first);
        EXPECT_EQ(row.positions[soft.position], 1);
      }
    }
  }
  return times;
}

TEST(Batches, EverySequenceOnceAnEpochWithLittlePadding) {
  const auto data = MakeSequences(2500);
  size_t tokens = 0;
  for (const Sequence& sequence : data) tokens += sequence.tokens.size();
  BatchSource source(data, {}, Options());
  const auto times = Occurrences(source, 0);
  EXPECT_EQ(times.size(), 2500u);
  for (const auto& [token, count] : times) EXPECT_EQ(count, 1) << token;
  EXPECT_LT(source.padding_tokens(0), static_cast<int64_t>(tokens / 20));
}

TEST(Batches, ArePureFunctionsOfSeedEpochAndIndex) {
  BatchSource one(MakeSequences(300), {}, Options());
  BatchSource other(MakeSequences(300), {}, Options());
  const auto tokens = [](const Batch& batch) {
    std::vector<int32_t> all;
    for (const PackedRow& row : batch.rows) {
      all.insert(all.end(), row.tokens.begin(), row.tokens.end());
    }
    return all;
  };
  other.Get(5, 0);  // another way to get there
  for (size_t i = one.batches(2); i-- > 0;) {
    EXPECT_EQ(tokens(one.Get(2, i)), tokens(other.Get(2, i)));
  }
  EXPECT_NE(tokens(one.Get(0, 0)), tokens(one.Get(1, 0)));
  BatchOptions reseeded = Options();
  reseeded.pack.seed = 4;
  BatchSource another(MakeSequences(300), {}, reseeded);
  EXPECT_NE(tokens(one.Get(0, 0)), tokens(another.Get(0, 0)));
}

TEST(Batches, ASequenceThatFillsARow) {
  BatchSource source({MakeSequence(1024, 1), MakeSequence(2, 2)}, {}, Options());
  EXPECT_EQ(Occurrences(source, 0).size(), 2u);
}

TEST(Batches, ReplaysAtTheShareAndInTurn) {
  const auto replay = MakeSequences(500, 10'000);
  BatchSource source(MakeSequences(1000), replay, Options(0.25));
  int64_t of_data = 0, of_replay = 0;
  std::map<int32_t, int> times;
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    for (const auto& [token, count] : Occurrences(source, epoch)) {
      if (token >= 10'000) times[token] += count;
    }
    for (size_t i = 0; i < source.batches(epoch); ++i) {
      for (const PackedRow& row : source.Get(epoch, i).rows) {
        for (const int32_t token : row.tokens)
          (token >= 10'000 ? of_replay : of_data) += token >= 0;
      }
    }
  }
  const double share = static_cast<double>(of_replay) / static_cast<double>(of_data + of_replay);
  EXPECT_NEAR(share, 0.25, 0.02);
  EXPECT_EQ(times.size(), 500u);  // 3 x 333 of 500: each once or twice
  for (const auto& [token, count] : times) EXPECT_TRUE(count == 1 || count == 2) << count;
  BatchSource none(MakeSequences(10), replay, Options(0));
  EXPECT_EQ(none.replayed(0), 0);
}

// The reference output of splitmix64.c for the state 1234567.
TEST(SplitMix, IsTheOneWeCite) {
  SplitMix random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
}

}  // namespace
}  // namespace understudy
