// A byte-level BPE vocabulary: the part of a GGUF file that turns text into token ids.
//
// Normal tokens are spelled as GPT-2 spells bytes: printable Latin-1 bytes as themselves, the
// others as U+0100 onwards in order, so that a blank is "Ġ". Control and user-defined tokens are
// spelled as they are.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace understudy {

using TokenId = int32_t;
inline constexpr TokenId kNoToken = -1;

// The numbers of tokenizer.ggml.token_type.
enum class TokenKind : int32_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,      // structure: never part of what a user wrote
  kUserDefined = 4,  // one token wherever its text occurs, such as <tool_call>
  kUnused = 5,
  kByte = 6,
};

struct Vocabulary {
  std::vector<std::string> tokens;  // by id
  std::vector<TokenKind> kinds;     // one a token
  std::vector<std::string> merges;  // "left right" in the spelling above, the first applies first
  TokenId end = kNoToken;           // ends an answer: eos_token_id
  TokenId begin = kNoToken;         // bos_token_id
  TokenId padding = kNoToken;
  bool adds_begin = false;  // add_bos_token: the server puts `begin` before every prompt
};

// From tokenizer.ggml.*. kInvalidInput for a file without a vocabulary or with a broken one;
// kUnsupported, naming it, for another model than "gpt2" or another pre-tokenizer than "qwen2".
Result<Vocabulary> ReadVocabulary(const GgufFile& file);

// Sets tokenizer.ggml.{model, pre, tokens, token_type, merges, add_bos_token} and the ids that
// are not kNoToken. The chat template is the caller's (chat_template.h).
void WriteVocabulary(const Vocabulary& vocabulary, GgufWriter& writer);

// GPT-2's spelling of each byte, as UTF-8.
const std::array<std::string, 256>& ByteSpellings();
// The bytes that a normal token stands for; characters outside the spelling stay as they are.
std::string BytesOfSpelling(std::string_view token);

}  // namespace understudy
