#include "tokens/tokenizer.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/learn_vocabulary.h"
#include "tokens/word_merger.h"

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Vocabulary Small() {
  Vocabulary vocabulary = BytesAndSpecials();
  for (const char* merge : {"h e", "l l", "he ll", "hell o", "Ġ w"}) {
    vocabulary.merges.emplace_back(merge);
    std::string token = merge;
    token.erase(token.find(' ', 1), 1);
    vocabulary.tokens.push_back(token);
    vocabulary.kinds.push_back(TokenKind::kNormal);
  }
  return vocabulary;
}

Tokenizer Make(Vocabulary vocabulary) {
  auto tokenizer = Tokenizer::FromVocabulary(std::move(vocabulary));
  EXPECT_TRUE(tokenizer.has_value()) << tokenizer.error().ToString();
  return *std::move(tokenizer);
}

std::string ErrorOf(Vocabulary vocabulary) {
  const auto tokenizer = Tokenizer::FromVocabulary(std::move(vocabulary));
  return tokenizer ? "" : tokenizer.error().message;
}

TEST(Tokenizer, MergesInTheOrderOfRanks) {
  const Tokenizer tokenizer = Make(Small());
  const auto ids = tokenizer.Encode("hello world", SpecialTokens::kAsText);
  EXPECT_THAT(ids, ElementsAre(tokenizer.Find("hello"), tokenizer.Find("Ġw"), 'o', 'r', 'l', 'd'));
  EXPECT_EQ(tokenizer.Decode(ids), "hello world");
  EXPECT_EQ(tokenizer.Encode("hello world", SpecialTokens::kAsText), ids) << "from the cache";
}

TEST(Tokenizer, SpecialTextsAreTokensOnlyWhereAskedFor) {
  const Tokenizer tokenizer = Make(Small());
  const std::string text = "<|im_start|>hello<tool_call><|im_end|";
  const auto parsed = tokenizer.Encode(text, SpecialTokens::kParse);
  EXPECT_EQ(parsed[0], tokenizer.Find("<|im_start|>"));
  EXPECT_EQ(parsed[2], tokenizer.Find("<tool_call>"));
  EXPECT_EQ(tokenizer.Decode(parsed), text);
  const auto plain = tokenizer.Encode(text, SpecialTokens::kAsText);
  EXPECT_EQ(tokenizer.Decode(plain), text);
  for (const TokenId id : plain) {
    EXPECT_EQ(tokenizer.vocabulary().kinds[id], TokenKind::kNormal);
  }
}

TEST(Tokenizer, TheLongestSpecialTextComesFirst) {
  Vocabulary vocabulary = BytesAndSpecials();
  for (const char* text : {"<x", "<x><y>", "<y>z"}) {
    vocabulary.tokens.emplace_back(text);
    vocabulary.kinds.push_back(TokenKind::kUserDefined);
  }
  const Tokenizer tokenizer = Make(vocabulary);
  EXPECT_THAT(tokenizer.Encode("<x><y>z<x", SpecialTokens::kParse),
              ElementsAre(tokenizer.Find("<x><y>"), 'z', tokenizer.Find("<x")));
}

TEST(Tokenizer, EveryTextComesBack) {
  const Tokenizer tokenizer = Make(Small());
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (int n = 0; n < 60; ++n) text += static_cast<char>(random() % 128);
    text += "ąЖ日👍 hello";
    EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(text, SpecialTokens::kAsText)), text);
    EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(text, SpecialTokens::kParse)), text);
  }
}

TEST(Tokenizer, BytesThatAreNoTextDoNoHarm) {
  const Tokenizer tokenizer = Make(Small());
  const auto ids = tokenizer.Encode("a\xFFz\xE2\x82", SpecialTokens::kParse);
  EXPECT_EQ(tokenizer.Decode(ids), "a\uFFFDz\uFFFD\uFFFD");
}

TEST(Tokenizer, LongWordsMergeAsShortOnesDo) {
  MergeTable merges(20);
  std::mt19937 random(2);
  for (uint32_t rank = 0; rank < 20; ++rank) {
    const auto left = static_cast<TokenId>(random() % (3 + rank));
    merges.Add(left, static_cast<TokenId>(random() % (3 + rank)),
               {rank, static_cast<TokenId>(3 + rank)});
  }
  const auto slowly = [&merges](std::vector<TokenId> ids) {
    for (;;) {
      Merge best;
      size_t at = 0;
      for (size_t i = 0; i + 1 < ids.size(); ++i) {
        const Merge merge = merges.Find(ids[i], ids[i + 1]);
        if (merge.rank < best.rank) best = merge, at = i;
      }
      if (best.rank == kNoRank) return ids;
      ids[at] = best.result;
      ids.erase(ids.begin() + static_cast<ptrdiff_t>(at) + 1);
    }
  };
  for (size_t size = 1; size < 150; ++size) {
    std::vector<TokenId> ids;
    for (size_t i = 0; i < size; ++i) ids.push_back(static_cast<TokenId>(random() % 3));
    const auto expected = slowly(ids);
    MergeWord(merges, ids);
    EXPECT_EQ(ids, expected) << size;
  }
}

TEST(Tokenizer, AVeryLongWordIsNoTrouble) {
  const Tokenizer tokenizer = Make(Small());
  std::string text;
  while (text.size() < size_t{1} << 20) text += "hello";
  EXPECT_EQ(tokenizer.Encode(text, SpecialTokens::kAsText).size(), text.size() / 5);
}

TEST(Tokenizer, CopiesAndMovesWork) {
  Tokenizer tokenizer = Make(Small());
  const Tokenizer copy = tokenizer;
  const auto ids = tokenizer.Encode("hello", SpecialTokens::kAsText);
  EXPECT_EQ(copy.Encode("hello", SpecialTokens::kAsText), ids);
  tokenizer = copy;
  EXPECT_EQ(tokenizer.Encode("hello", SpecialTokens::kAsText), ids);
}

TEST(Tokenizer, IdsOutsideTheVocabularyGiveNothing) {
  const Tokenizer tokenizer = Make(Small());
  const std::vector<TokenId> ids{-1, 'a', 1 << 20, kNoToken, 'b'};
  EXPECT_EQ(tokenizer.Decode(ids), "ab");
  EXPECT_EQ(tokenizer.Find("nothing"), kNoToken);
}

TEST(Tokenizer, MergesOfTextsThatAreNoTokensNeverApply) {
  Vocabulary vocabulary = Small();
  vocabulary.merges.emplace_back("us er");
  const Tokenizer tokenizer = Make(vocabulary);
  EXPECT_THAT(tokenizer.Encode("user", SpecialTokens::kAsText), ElementsAre('u', 's', 'e', 'r'));
}

TEST(Tokenizer, BrokenVocabulariesAreRefused) {
  Vocabulary broken = Small();
  broken.tokens['a'] = "?a";
  EXPECT_THAT(ErrorOf(broken), HasSubstr("byte 97 has no token"));
  broken = Small();
  broken.merges.emplace_back("x y");
  EXPECT_THAT(ErrorOf(broken), HasSubstr("merge 5 (\"x y\") makes no token"));
  broken = Small();
  broken.merges.emplace_back("xy");
  EXPECT_THAT(ErrorOf(broken), HasSubstr("is not two texts"));
  broken = Small();
  broken.kinds.pop_back();
  EXPECT_THAT(ErrorOf(broken), HasSubstr("tokens but"));
  EXPECT_THAT(ErrorOf({}), HasSubstr("byte 0 has no token"));
}

}  // namespace
}  // namespace understudy
