#include "models/sketch.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TokenSet Tokens(std::string_view text, uint32_t field = 1) {
  TokenSet tokens;
  AddTokens(tokens, text, field);
  SortTokens(tokens);
  return tokens;
}

TEST(SketchTest, TokensAreWordsWithoutCase) {
  EXPECT_EQ(Tokens("Book a TABLE, please!"), Tokens("please book... a table"));
  EXPECT_EQ(Tokens("one two").size(), 2);
  EXPECT_EQ(Tokens("one one one").size(), 1);
  EXPECT_TRUE(Tokens(" ,.;-\n").empty());
  EXPECT_NE(Tokens("one", 1), Tokens("one", 2)) << "fields are apart";
}

TEST(SketchTest, OtherScripts) {
  EXPECT_EQ(Tokens("Zürich").size(), 1);
  EXPECT_EQ(Tokens("搜索引擎").size(), 4) << "no blanks between Chinese words: each sign alone";
  EXPECT_EQ(Tokens("\xFF\x80\xC3").size(), Tokens("\xFF\x80\xC3").size());  // broken: no crash
  EXPECT_EQ(Tokens("a\xE6").size(), 2);
}

TEST(SketchTest, SimilarityIsSharedOverAll) {
  EXPECT_DOUBLE_EQ(Similarity(Tokens("a b c d"), Tokens("a b c d")), 1);
  EXPECT_DOUBLE_EQ(Similarity(Tokens("a b c"), Tokens("b c d")), 0.5);
  EXPECT_DOUBLE_EQ(Similarity(Tokens("a"), Tokens("b")), 0);
  EXPECT_DOUBLE_EQ(Similarity({}, {}), 0);
}

TEST(SketchTest, EstimatesTheSimilarity) {
  // Sets of 300 that share 200: similarity 0.5. Over 40 such pairs the mean estimate is close.
  double sum = 0;
  for (uint32_t pair = 0; pair < 40; ++pair) {
    TokenSet a, b;
    for (uint32_t i = 0; i < 400; ++i) {
      const uint32_t token = (i + pair * 1000) * 2654435761U;
      if (i < 300) a.push_back(token);
      if (i >= 100) b.push_back(token);
    }
    SortTokens(a);
    SortTokens(b);
    EXPECT_NEAR(Similarity(a, b), 0.5, 1e-9);
    sum += SharedLanes(MakeSketch(a), MakeSketch(b)) / static_cast<double>(kSketchLanes);
  }
  EXPECT_NEAR(sum / 40, 0.5, 0.05);
}

TEST(SketchTest, OfTheSameSetIsTheSame) {
  EXPECT_EQ(SharedLanes(MakeSketch(Tokens("x y z")), MakeSketch(Tokens("Z y X"))), kSketchLanes);
  EXPECT_LT(SharedLanes(MakeSketch(Tokens("x y z")), MakeSketch(Tokens("u v w"))), 4);
}

}  // namespace
}  // namespace understudy
