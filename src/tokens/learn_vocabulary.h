// A byte-level BPE vocabulary learned from texts: the pair of tokens that occurs most often within
// words becomes a token, again and again, until the vocabulary is full.
//
//   const auto vocabulary = LearnVocabulary(next_text, {.size = 4096});
//
// Ids: 0 to 255 the bytes, each by its value; then the control tokens <|endoftext|> (also begin
// and padding), <|im_start|>, <|im_end|> (also end); then the user-defined <tool_call>,
// </tool_call>, <tools>, </tools>, <tool_response>, </tool_response>; then the merges. Words are
// those of the pre-tokenizer; special tokens in the texts are left out of the count. The same
// texts, in any order, give the same vocabulary: equal counts are settled by the lower ids.
//
// Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units"
// (2016); counts are kept per distinct word and updated, not taken anew.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "tokens/vocabulary.h"

namespace understudy {

struct VocabularyOptions {
  size_t size = 4096;              // tokens in all; at least kLeastVocabulary
  size_t longest_token = 32;       // bytes
  uint64_t least_occurrences = 2;  // of a pair that is merged
};
inline constexpr size_t kLeastVocabulary = 256 + 9;

// Gives the next text, or nothing at the end. A text must live until the next call.
using NextText = std::function<std::optional<std::string_view>()>;

// Smaller than asked where the texts run out of pairs. kInvalidInput for a size below the least.
Result<Vocabulary> LearnVocabulary(const NextText& next_text, const VocabularyOptions& options);

// The part without merges: bytes and special tokens.
Vocabulary BytesAndSpecials();

}  // namespace understudy
