// Text to token ids and back, exactly as llama-server does it for byte-level BPE vocabularies with
// the pre-tokenizer "qwen2" (tests/tokens/server_test.cc holds the two against each other).
//
//   TRY(auto file, GgufFile::Open(path));
//   TRY(Tokenizer tokenizer, Tokenizer::FromGguf(file));
//   auto ids = tokenizer.Encode("Hello", SpecialTokens::kAsText);
//   tokenizer.Decode(ids);  // "Hello"
//
// Copies share the tables and are cheap. Each copy keeps a cache of words of its own, so one copy
// belongs to one thread at a time: give each thread its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "tokens/vocabulary.h"

namespace understudy {

// What "<|im_end|>" in a text becomes.
enum class SpecialTokens : uint8_t {
  kAsText,  // harmless ordinary text; so do user-defined tokens such as <tool_call>
  kParse,   // its token, as in /tokenize with parse_special and in rendered prompts
};

class Tokenizer {
 public:
  // kInvalidInput when a byte has no token, or a merge of two tokens makes a text that is
  // none. (A merge of texts that are no tokens never applies, and is passed over.)
  static Result<Tokenizer> FromVocabulary(Vocabulary vocabulary);
  // The vocabulary is copied: the file may go. Errors as ReadVocabulary's and the above.
  static Result<Tokenizer> FromGguf(const GgufFile& file);

  Tokenizer(const Tokenizer& other);
  Tokenizer& operator=(const Tokenizer& other);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Adds no token at either end (see Vocabulary::adds_begin). Bytes that are not UTF-8 are read
  // as U+FFFD. Takes any text in about linear time.
  std::vector<TokenId> Encode(std::string_view text, SpecialTokens special) const;
  void Append(std::string_view text, SpecialTokens special, std::vector<TokenId>& out) const;

  // The bytes of the tokens, special tokens as their texts; ids outside the vocabulary give
  // nothing. A cut sequence may end within a character.
  std::string Decode(std::span<const TokenId> ids) const;
  std::string_view Decode(TokenId id) const;

  const Vocabulary& vocabulary() const;
  size_t size() const { return vocabulary().tokens.size(); }
  TokenId Find(std::string_view token) const;  // by its spelling in the vocabulary, or kNoToken

 private:
  struct Tables;
  class Cache;
  explicit Tokenizer(std::shared_ptr<const Tables> tables);
  void AppendWords(std::string_view text, std::vector<TokenId>& out) const;
  void AppendWord(std::string_view word, std::vector<TokenId>& out) const;

  std::shared_ptr<const Tables> tables_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace understudy
