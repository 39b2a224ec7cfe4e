#include "tokens/learn_vocabulary.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/pretokenize.h"
#include "tokens/tokenizer.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

Vocabulary Learn(const std::vector<std::string>& texts, const VocabularyOptions& options) {
  size_t next = 0;
  const auto vocabulary = LearnVocabulary(
      [&]() -> std::optional<std::string_view> {
        if (next == texts.size()) return std::nullopt;
        return texts[next++];
      },
      options);
  EXPECT_TRUE(vocabulary.has_value());
  return *vocabulary;
}

std::vector<std::string> RandomTexts(unsigned seed, size_t count) {
  const char* words[] = {"the",    "there", "other",  "<|im_end|>", "aaaa",   "aaaaaaa", "naïve",
                         "日本語", "x1",    "banana", "bandana",    "\n\n\n", "{\"a\":", "tool"};
  std::mt19937 random(seed);
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) {
    std::string& text = texts.emplace_back();
    for (int n = 0; n < 20; ++n) text += std::string(" ") + words[random() % std::size(words)];
  }
  return texts;
}

// The definition: all pairs counted anew before each merge.
std::vector<std::string> SlowMerges(const std::vector<std::string>& texts, size_t merges) {
  std::map<std::vector<std::string>, int> words;
  for (const std::string& text : texts) {
    std::string rest = text;
    for (size_t at = 0; at < rest.size();) {  // the special text ends a word
      const size_t special = rest.find("<|im_end|>", at);
      const std::string piece = rest.substr(at, special == rest.npos ? special : special - at);
      for (size_t begin = 0; begin < piece.size();) {
        const size_t end = WordEnd(piece, begin);
        std::vector<std::string> bytes;
        for (size_t i = begin; i < end; ++i) {
          bytes.push_back(ByteSpellings()[static_cast<uint8_t>(piece[i])]);
        }
        ++words[bytes];
        begin = end;
      }
      at = special == rest.npos ? rest.size() : special + 10;
    }
  }
  std::map<std::string, TokenId> ids;
  const Vocabulary start = BytesAndSpecials();
  for (size_t i = 0; i < start.tokens.size(); ++i) ids[start.tokens[i]] = static_cast<TokenId>(i);
  std::vector<std::string> result;
  while (result.size() < merges) {
    std::map<std::pair<std::string, std::string>, int> counts;
    for (const auto& [word, count] : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) counts[{word[i], word[i + 1]}] += count;
    }
    const std::pair<const std::pair<std::string, std::string>, int>* best = nullptr;
    const auto order = [&ids](const auto& pair) {
      return std::pair(ids.at(pair.first), ids.at(pair.second));
    };
    for (const auto& entry : counts) {
      if (best == nullptr || entry.second > best->second ||
          (entry.second == best->second && order(entry.first) < order(best->first))) {
        best = &entry;
      }
    }
    if (best == nullptr || best->second < 2) break;
    const auto [left, right] = best->first;
    result.push_back(left + " " + right);
    ids.emplace(left + right, static_cast<TokenId>(ids.size()));
    std::map<std::vector<std::string>, int> merged;
    for (const auto& [word, count] : words) {
      std::vector<std::string> next;
      for (size_t i = 0; i < word.size(); ++i) {
        const bool is_pair = i + 1 < word.size() && word[i] == left && word[i + 1] == right;
        next.push_back(is_pair ? left + right : word[i]);
        i += is_pair;
      }
      merged[next] += count;
    }
    words = merged;
  }
  return result;
}

TEST(LearnVocabulary, BytesAndSpecialTokensComeFirst) {
  const Vocabulary vocabulary = Learn({}, {.size = 300});
  ASSERT_EQ(vocabulary.tokens.size(), kLeastVocabulary);
  EXPECT_EQ(vocabulary.tokens['A'], "A");
  EXPECT_EQ(vocabulary.tokens[256], "<|endoftext|>");
  EXPECT_EQ(vocabulary.tokens[257], "<|im_start|>");
  EXPECT_EQ(vocabulary.tokens[258], "<|im_end|>");
  EXPECT_EQ(vocabulary.kinds[258], TokenKind::kControl);
  EXPECT_EQ(vocabulary.tokens[259], "<tool_call>");
  EXPECT_EQ(vocabulary.kinds[264], TokenKind::kUserDefined);
  EXPECT_EQ(vocabulary.end, 258);
  EXPECT_TRUE(Tokenizer::FromVocabulary(vocabulary).has_value());
}

TEST(LearnVocabulary, MergesAreThoseOfTheDefinition) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    const auto texts = RandomTexts(seed, 30);
    const Vocabulary vocabulary = Learn(texts, {.size = 400, .longest_token = 1000});
    EXPECT_EQ(vocabulary.merges, SlowMerges(texts, vocabulary.merges.size()));
    EXPECT_GT(vocabulary.merges.size(), 30u);
  }
}

TEST(LearnVocabulary, TheOrderOfTextsDoesNotMatter) {
  auto texts = RandomTexts(7, 50);
  const Vocabulary first = Learn(texts, {.size = 320});
  std::shuffle(texts.begin(), texts.end(), std::mt19937(1));
  const Vocabulary second = Learn(texts, {.size = 320});
  EXPECT_EQ(first.tokens, second.tokens);
  EXPECT_EQ(first.merges, second.merges);
  EXPECT_GT(first.tokens.size(), 300u);
}

TEST(LearnVocabulary, ItsTokenizerGivesTheTextsBack) {
  const auto texts = RandomTexts(3, 50);
  const auto tokenizer = Tokenizer::FromVocabulary(Learn(texts, {.size = 320}));
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().ToString();
  for (const std::string& text : texts) {
    const auto ids = tokenizer->Encode(text, SpecialTokens::kParse);
    EXPECT_EQ(tokenizer->Decode(ids), text);
    EXPECT_LT(ids.size(), text.size() / 2);
  }
}

TEST(LearnVocabulary, SpecialTextsAreNotLearned) {
  const std::vector<std::string> texts(10, "<|im_start|>user\n<tool_call><|im_end|>");
  for (const std::string& token : Learn(texts, {.size = 300}).merges) {
    EXPECT_EQ(token.find('<'), token.npos) << token;
    EXPECT_EQ(token.find('|'), token.npos) << token;
  }
}

TEST(LearnVocabulary, TokensStayWithinTheirLength) {
  const std::vector<std::string> texts(10, "abcdefghijklmnopqrstuvwxyz");
  const Vocabulary vocabulary = Learn(texts, {.size = 400, .longest_token = 5});
  size_t longest = 0;
  for (size_t i = kLeastVocabulary; i < vocabulary.tokens.size(); ++i) {
    longest = std::max(longest, vocabulary.tokens[i].size());
  }
  EXPECT_EQ(longest, 4u);  // all are pairs of pairs; another letter would make six
}

TEST(LearnVocabulary, ASizeWithoutRoomIsRefused) {
  const auto vocabulary = LearnVocabulary([] { return std::nullopt; }, {.size = 264});
  ASSERT_FALSE(vocabulary.has_value());
  EXPECT_THAT(vocabulary.error().message, HasSubstr("264 tokens has no room for its 265"));
}

}  // namespace
}  // namespace understudy
