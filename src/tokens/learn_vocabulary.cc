#include "tokens/learn_vocabulary.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "tokens/pair_counts.h"
#include "tokens/pretokenize.h"
#include "tokens/special_texts.h"

namespace understudy {
namespace {

constexpr std::string_view kControl[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
constexpr std::string_view kUserDefined[] = {"<tool_call>", "</tool_call>",    "<tools>",
                                             "</tools>",    "<tool_response>", "</tool_response>"};
static_assert(256 + std::size(kControl) + std::size(kUserDefined) == kLeastVocabulary);

// A merge longer than this in one word says nothing of a language: base64, runs of dashes.
constexpr size_t kLongestWord = 256;

class WordCounts {
 public:
  explicit WordCounts(const Vocabulary& vocabulary) : specials_(vocabulary) {}

  void Add(std::string_view text) {
    if (!IsUtf8(text)) return Add(WithValidUtf8(text));
    for (const auto& piece : specials_.Split(text)) {
      if (piece.id == kNoToken) AddWords(piece.text);
    }
  }

  // Sorted: the order of a hash map must not show in the result.
  std::vector<std::pair<std::string, uint64_t>> Sorted() && {
    std::vector<std::pair<std::string, uint64_t>> words(counts_.begin(), counts_.end());
    std::sort(words.begin(), words.end());
    return words;
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void AddWords(std::string_view text) {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = WordEnd(text, begin);
      const std::string_view word = text.substr(begin, end - begin);
      begin = end;
      if (word.size() < 2 || word.size() > kLongestWord) continue;
      const auto found = counts_.find(word);
      if (found != counts_.end()) {
        ++found->second;
      } else {
        counts_.emplace(word, 1);
      }
    }
  }

  SpecialTexts specials_;
  std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> counts_;
};

PairCounts CountPairs(std::vector<std::pair<std::string, uint64_t>> words) {
  PairCounts pairs;
  for (const auto& [word, count] : words) {
    std::vector<TokenId> ids;
    for (const char byte : word) ids.push_back(static_cast<uint8_t>(byte));
    pairs.AddWord(std::move(ids), count);
  }
  pairs.Start();
  return pairs;
}

// Grows the vocabulary by merges. Two ways to the same text ("a"+"bc", "ab"+"c") share its token.
void AddMerges(PairCounts pairs, const VocabularyOptions& options, Vocabulary& vocabulary) {
  std::unordered_map<std::string, TokenId> ids;
  std::vector<size_t> bytes(vocabulary.tokens.size(), 1);  // of each token; specials never merge
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    ids.emplace(vocabulary.tokens[i], static_cast<TokenId>(i));
  }
  while (vocabulary.tokens.size() < options.size) {
    const auto best = pairs.Best(options.least_occurrences);
    if (!best) return;
    const auto [left, right] = *best;
    if (bytes[left] + bytes[right] > options.longest_token) {
      pairs.Forbid(*best);
      continue;
    }
    const auto next = static_cast<TokenId>(vocabulary.tokens.size());
    const auto [place, is_new] =
        ids.emplace(vocabulary.tokens[left] + vocabulary.tokens[right], next);
    vocabulary.merges.push_back(vocabulary.tokens[left] + ' ' + vocabulary.tokens[right]);
    if (is_new) {
      vocabulary.tokens.push_back(place->first);
      vocabulary.kinds.push_back(TokenKind::kNormal);
      bytes.push_back(bytes[left] + bytes[right]);
    }
    pairs.Merge(*best, place->second);
  }
}

}  // namespace

Vocabulary BytesAndSpecials() {
  Vocabulary vocabulary;
  const auto& spellings = ByteSpellings();
  vocabulary.tokens.assign(spellings.begin(), spellings.end());
  vocabulary.kinds.assign(spellings.size(), TokenKind::kNormal);
  const auto add = [&vocabulary](std::string_view text, TokenKind kind) {
    vocabulary.tokens.emplace_back(text);
    vocabulary.kinds.push_back(kind);
  };
  for (const std::string_view text : kControl) add(text, TokenKind::kControl);
  for (const std::string_view text : kUserDefined) add(text, TokenKind::kUserDefined);
  vocabulary.begin = vocabulary.padding = 256;  // <|endoftext|>
  vocabulary.end = 258;                         // <|im_end|>
  return vocabulary;
}

Result<Vocabulary> LearnVocabulary(const NextText& next_text, const VocabularyOptions& options) {
  if (options.size < kLeastVocabulary) {
    return Fail(InvalidInput(fmt::format("a vocabulary of {} tokens has no room for its {} bytes "
                                         "and special tokens",
                                         options.size, kLeastVocabulary))
                    .Mend(fmt::format("Ask for at least {}.", kLeastVocabulary)));
  }
  Vocabulary vocabulary = BytesAndSpecials();
  WordCounts words(vocabulary);
  while (const auto text = next_text()) words.Add(*text);
  AddMerges(CountPairs(std::move(words).Sorted()), options, vocabulary);
  return vocabulary;
}

}  // namespace understudy
