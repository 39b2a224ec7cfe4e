#include "route/embedding.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "route/request_fixture.h"

namespace understudy {
namespace {

// Each bucket a direction of its own, by its hash: texts are near as far as they share features.
Projection RandomProjection() {
  std::vector<float> rows(kBuckets * kEmbeddingSize), idf(kBuckets, 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(static_cast<int64_t>(FastHash("row", i) % 2001) - 1000) / 8000;
  }
  return Projection::Quantized(rows, idf);
}

Embedding Embedded(const Projection& projection, std::string_view text) {
  FeatureCounter counter;
  counter.AddText(text, 2);
  Embedding embedding{};
  projection.Add(counter.Take(), 1, embedding);
  Normalize(embedding);
  return embedding;
}

TEST(Embedding, TextsWithSharedWordsAreNear) {
  const Projection projection = RandomProjection();
  const Embedding table = Embedded(projection, "Please book a table for two at Luigi's");
  const Embedding again = Embedded(projection, "please BOOK a table for four, at Mario's");
  const Embedding other = Embedded(projection, "What will the weather be like in Oslo?");
  EXPECT_NEAR(Dot(table, table), 1, 1e-5);
  EXPECT_GT(Dot(table, again), Dot(table, other) + 0.2F);
}

TEST(Embedding, EveryScriptHasFeatures) {
  FeatureCounter counter;
  counter.AddText("今天天气怎么样", 2);
  EXPECT_EQ(counter.Take().size(), 7u) << "a pair for each character";
  counter.AddText("\xff\xfe\xe4\xbd", 2);  // no UTF-8
  EXPECT_FALSE(counter.Take().empty());
  counter.AddText(" .,;\n", 2);
  EXPECT_TRUE(counter.Take().empty());
}

TEST(Embedding, CountsAreDampenedAndTakenOnce) {
  FeatureCounter counter;
  for (int i = 0; i < 1000; ++i) counter.AddText("ab", 2);
  const auto features = counter.Take();
  ASSERT_EQ(features.size(), 1u);
  EXPECT_NEAR(features[0].weight, std::log2(1 + 255.0F / 2), 1e-5);
  EXPECT_TRUE(counter.Take().empty());
}

TEST(Embedding, LongTextsAreSampledEvenly) {
  const std::string text(100'000, 'x');
  struct Seen {
    const char* begin;
    size_t bytes = 0, pieces = 0, last = 0;
  } seen{text.data()};
  ForEachPiece(
      text, 2048,
      [](void* self, std::string_view piece) {
        auto* to = static_cast<Seen*>(self);
        const auto at = static_cast<size_t>(piece.data() - to->begin);
        EXPECT_TRUE(to->pieces == 0 || at >= to->last) << "pieces overlap";
        to->bytes += piece.size();
        to->last = at + piece.size();
        ++to->pieces;
      },
      &seen);
  EXPECT_EQ(seen.bytes, 2048u);
  EXPECT_EQ(seen.pieces, 6u);
  EXPECT_EQ(seen.last, text.size());
}

TEST(Embedding, TheLastUserMessageCountsMost) {
  const auto weight = [](const ChatRequest& request, std::string_view word) {
    FeatureCounter counter;
    counter.AddText(word, 2);
    const uint32_t bucket = counter.Take()[0].bucket;
    for (const Feature& feature : UserFeatures(request, counter)) {
      if (feature.bucket == bucket) return feature.weight;
    }
    return 0.0F;
  };
  ChatRequest request = Ask("sys", "aa");
  request.messages.push_back({.role = Role::kAssistant, .text = "bb"});
  request.messages.push_back({.role = Role::kUser, .text = "cc"});
  request.messages.push_back({.role = Role::kUser, .text = "dd"});
  EXPECT_EQ(weight(request, "dd"), 1);
  EXPECT_LT(weight(request, "cc"), 1);
  EXPECT_GT(weight(request, "cc"), 0);
  EXPECT_EQ(weight(request, "aa"), 0);
  EXPECT_EQ(weight(request, "bb"), 0);
  EXPECT_EQ(weight(request, "sys"), 0);
}

TEST(Embedding, AfterAToolItsNameCounts) {
  ChatRequest request = Ask("", "aa");
  request.messages.push_back({.role = Role::kAssistant, .tool_calls = {{.name = "find"}}});
  FeatureCounter counter;
  const size_t before = UserFeatures(request, counter).size();
  request.messages.push_back({.role = Role::kTool, .text = "[]"});
  EXPECT_EQ(UserFeatures(request, counter).size(), before + 1);
}

TEST(Embedding, NothingGivesZeros) {
  const Embedding nothing = Embedded(RandomProjection(), "");
  EXPECT_EQ(Dot(nothing, nothing), 0);
  Embedding zeros{};
  EXPECT_FALSE(Normalize(zeros));
  Embedding endless{};
  endless.fill(3e38F);  // its length is none
  EXPECT_FALSE(Normalize(endless));
  EXPECT_EQ(endless[0], 0);
}

TEST(Embedding, EightBitsAreEnough) {
  std::vector<float> rows(kBuckets * kEmbeddingSize, 0), idf(kBuckets, 1);
  FeatureCounter counter;
  counter.AddText("word", 2);
  const uint32_t bucket = counter.Take()[0].bucket;
  for (size_t i = 0; i < kEmbeddingSize; ++i) {
    rows[bucket * kEmbeddingSize + i] = 0.01F * static_cast<float>(i) - 0.3F;
  }
  Embedding out{};
  counter.AddText("word", 2);
  Projection::Quantized(rows, idf).Add(counter.Take(), 2, out);
  for (size_t i = 0; i < kEmbeddingSize; ++i) {
    EXPECT_NEAR(out[i], 2 * rows[bucket * kEmbeddingSize + i], 0.005);
  }
}

}  // namespace
}  // namespace understudy
