#include "tokens/vocabulary.h"

#include <unordered_map>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::string_view kModel = "gpt2", kPretokenizer = "qwen2";

bool SpellsItself(uint32_t byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// All spellings are below U+0800.
std::string Utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

Error Wrong(std::string message) {
  return InvalidInput("the GGUF file's vocabulary cannot be used: " + std::move(message))
      .Mend("Take a complete GGUF file of the base model.");
}

Status ExpectText(const GgufFile& file, std::string_view key, std::string_view expected) {
  const auto found = file.Text(key);
  if (found == expected) return {};
  Error error = InvalidInput(fmt::format("the GGUF file's {} is \"{}\"; only \"{}\" is understood",
                                         key, found.value_or("(none)"), expected))
                    .Mend("Take a base model with a byte-level BPE tokenizer of Qwen2's kind.");
  error.kind = ErrorKind::kUnsupported;
  return Fail(std::move(error));
}

Result<std::vector<std::string>> ReadTexts(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.Find(key);
  if (value == nullptr || value->element_type() != GgufType::kString) {
    return Fail(Wrong(fmt::format("{} is missing or no list of texts", key)));
  }
  const auto views = value->Texts();
  return std::vector<std::string>(views.begin(), views.end());
}

Status ReadKinds(const GgufFile& file, Vocabulary& vocabulary) {
  vocabulary.kinds.assign(vocabulary.tokens.size(), TokenKind::kNormal);
  const GgufValue* value = file.Find("tokenizer.ggml.token_type");
  if (value == nullptr) return {};
  const auto numbers = value->Integers();
  if (numbers.size() != vocabulary.tokens.size()) {
    return Fail(Wrong(fmt::format("it has {} tokens but {} token types", vocabulary.tokens.size(),
                                  numbers.size())));
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 1 || numbers[i] > 6) {
      return Fail(Wrong(fmt::format("token {} has the unknown type {}", i, numbers[i])));
    }
    vocabulary.kinds[i] = static_cast<TokenKind>(numbers[i]);
  }
  return {};
}

Result<TokenId> ReadId(const GgufFile& file, std::string_view key, size_t tokens) {
  if (file.Find(key) == nullptr) return kNoToken;
  const auto id = file.Unsigned(key);
  if (id && *id < tokens) return static_cast<TokenId>(*id);
  return Fail(Wrong(fmt::format("{} is no token of its {}", key, tokens)));
}

const std::unordered_map<std::string_view, char>& SpelledBytes() {
  static const auto bytes = [] {
    std::unordered_map<std::string_view, char> map;
    for (size_t byte = 0; byte < 256; ++byte) {
      map.emplace(ByteSpellings()[byte], static_cast<char>(byte));
    }
    return map;
  }();
  return bytes;
}

}  // namespace

Result<Vocabulary> ReadVocabulary(const GgufFile& file) {
  TRY_VOID(ExpectText(file, "tokenizer.ggml.model", kModel));
  TRY_VOID(ExpectText(file, "tokenizer.ggml.pre", kPretokenizer));
  Vocabulary vocabulary;
  TRY(vocabulary.tokens, ReadTexts(file, "tokenizer.ggml.tokens"));
  TRY(vocabulary.merges, ReadTexts(file, "tokenizer.ggml.merges"));
  TRY_VOID(ReadKinds(file, vocabulary));
  const size_t count = vocabulary.tokens.size();
  TRY(vocabulary.end, ReadId(file, "tokenizer.ggml.eos_token_id", count));
  TRY(vocabulary.begin, ReadId(file, "tokenizer.ggml.bos_token_id", count));
  TRY(vocabulary.padding, ReadId(file, "tokenizer.ggml.padding_token_id", count));
  vocabulary.adds_begin = file.Bool("tokenizer.ggml.add_bos_token").value_or(false);
  return vocabulary;
}

void WriteVocabulary(const Vocabulary& vocabulary, GgufWriter& writer) {
  writer.Set("tokenizer.ggml.model", kModel);
  writer.Set("tokenizer.ggml.pre", kPretokenizer);
  writer.Set("tokenizer.ggml.tokens", vocabulary.tokens);
  std::vector<int32_t> kinds;
  for (const TokenKind kind : vocabulary.kinds) kinds.push_back(static_cast<int32_t>(kind));
  writer.Set("tokenizer.ggml.token_type", kinds);
  writer.Set("tokenizer.ggml.merges", vocabulary.merges);
  const auto set_id = [&writer](std::string_view key, TokenId id) {
    if (id != kNoToken) writer.Set(key, static_cast<uint32_t>(id));
  };
  set_id("tokenizer.ggml.eos_token_id", vocabulary.end);
  set_id("tokenizer.ggml.bos_token_id", vocabulary.begin);
  set_id("tokenizer.ggml.padding_token_id", vocabulary.padding);
  writer.Set("tokenizer.ggml.add_bos_token", vocabulary.adds_begin);
}

const std::array<std::string, 256>& ByteSpellings() {
  static const auto spellings = [] {
    std::array<std::string, 256> all;
    uint32_t next = 256;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      all[byte] = Utf8(SpellsItself(byte) ? byte : next++);
    }
    return all;
  }();
  return spellings;
}

std::string BytesOfSpelling(std::string_view token) {
  std::string bytes;
  while (!token.empty()) {
    const auto first = static_cast<unsigned char>(token[0]);
    const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const std::string_view character = token.substr(0, size);
    const auto found = SpelledBytes().find(character);
    if (found == SpelledBytes().end()) {
      bytes += character;
    } else {
      bytes += found->second;
    }
    token.remove_prefix(character.size());
  }
  return bytes;
}

}  // namespace understudy
