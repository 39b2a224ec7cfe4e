#include "tokens/tokenizer.h"

#include <unordered_map>

#include <fmt/format.h>

#include "tokens/merge_table.h"
#include "tokens/pretokenize.h"
#include "tokens/special_texts.h"
#include "tokens/word_merger.h"

namespace understudy {
namespace {

constexpr size_t kLongestCached = 48, kMostCached = 1 << 16;

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

Error Wrong(std::string message) {
  return InvalidInput("the vocabulary cannot be used: " + std::move(message))
      .Mend("Take a complete byte-level BPE vocabulary.");
}

std::string BytesOf(const std::string& token, TokenKind kind) {
  if (kind == TokenKind::kUnused) return {};
  return kind == TokenKind::kNormal ? BytesOfSpelling(token) : token;
}

}  // namespace

struct Tokenizer::Tables {
  explicit Tables(Vocabulary all)
      : vocabulary(std::move(all)), specials(vocabulary), merges(vocabulary.merges.size()) {}

  Status Fill() {
    for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
      ids.insert_or_assign(vocabulary.tokens[i], static_cast<TokenId>(i));  // the last one counts
      bytes.push_back(BytesOf(vocabulary.tokens[i], vocabulary.kinds[i]));
    }
    TRY_VOID(FillBytes());
    for (size_t rank = 0; rank < vocabulary.merges.size(); ++rank) TRY_VOID(AddMerge(rank));
    return {};
  }

  Status FillBytes() {
    for (size_t byte = 0; byte < 256; ++byte) {
      byte_ids[byte] = Find(ByteSpellings()[byte]);
      if (byte_ids[byte] != kNoToken) continue;
      return Fail(Wrong(fmt::format("byte {} has no token", byte)));
    }
    return {};
  }

  Status AddMerge(size_t rank) {
    const std::string_view merge = vocabulary.merges[rank];
    const size_t blank = merge.find(' ', 1);
    if (blank == merge.npos) {
      return Fail(Wrong(fmt::format("merge {} (\"{}\") is not two texts", rank, merge)));
    }
    const TokenId left = Find(merge.substr(0, blank)), right = Find(merge.substr(blank + 1));
    const TokenId result =
        Find(std::string(merge.substr(0, blank)) + std::string(merge.substr(blank + 1)));
    if (left == kNoToken || right == kNoToken) return {};  // it never applies
    if (result == kNoToken) {
      return Fail(Wrong(fmt::format("merge {} (\"{}\") makes no token", rank, merge)));
    }
    merges.Add(left, right, {static_cast<uint32_t>(rank), result});
    return {};
  }

  TokenId Find(std::string_view token) const {
    const auto found = ids.find(token);
    return found == ids.end() ? kNoToken : found->second;
  }

  Vocabulary vocabulary;
  SpecialTexts specials;
  MergeTable merges;
  ByText<TokenId> ids;
  std::vector<std::string> bytes;  // by id
  std::array<TokenId, 256> byte_ids{};
};

// Words already merged. Emptied when full: what is frequent is soon back.
class Tokenizer::Cache {
 public:
  std::span<const TokenId> Find(std::string_view word) const {
    const auto found = places_.find(word);
    if (found == places_.end()) return {};
    return std::span(ids_).subspan(found->second.first, found->second.second);
  }
  void Add(std::string_view word, std::span<const TokenId> ids) {
    if (places_.size() >= kMostCached) {
      places_.clear();
      ids_.clear();
    }
    places_.emplace(
        word, std::pair(static_cast<uint32_t>(ids_.size()), static_cast<uint32_t>(ids.size())));
    ids_.insert(ids_.end(), ids.begin(), ids.end());
  }
  std::vector<TokenId> word;  // scratch

 private:
  ByText<std::pair<uint32_t, uint32_t>> places_;  // first, count
  std::vector<TokenId> ids_;
};

Tokenizer::Tokenizer(std::shared_ptr<const Tables> tables)
    : tables_(std::move(tables)), cache_(std::make_unique<Cache>()) {}
Tokenizer::Tokenizer(const Tokenizer& other) : Tokenizer(other.tables_) {}
Tokenizer& Tokenizer::operator=(const Tokenizer& other) {
  return *this = Tokenizer(other);
}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::FromVocabulary(Vocabulary vocabulary) {
  if (vocabulary.kinds.size() != vocabulary.tokens.size()) {
    return Fail(Wrong(fmt::format("it has {} tokens but {} types", vocabulary.tokens.size(),
                                  vocabulary.kinds.size())));
  }
  const auto tables = std::make_shared<Tables>(std::move(vocabulary));
  TRY_VOID(tables->Fill());
  return Tokenizer(tables);
}

Result<Tokenizer> Tokenizer::FromGguf(const GgufFile& file) {
  TRY(Vocabulary vocabulary, ReadVocabulary(file));
  return FromVocabulary(std::move(vocabulary));
}

std::vector<TokenId> Tokenizer::Encode(std::string_view text, SpecialTokens special) const {
  std::vector<TokenId> ids;
  Append(text, special, ids);
  return ids;
}

void Tokenizer::Append(std::string_view text, SpecialTokens special,
                       std::vector<TokenId>& out) const {
  if (!IsUtf8(text)) return Append(WithValidUtf8(text), special, out);
  if (special == SpecialTokens::kAsText) return AppendWords(text, out);
  for (const auto& piece : tables_->specials.Split(text)) {
    if (piece.id == kNoToken) {
      AppendWords(piece.text, out);
    } else {
      out.push_back(piece.id);
    }
  }
}

void Tokenizer::AppendWords(std::string_view text, std::vector<TokenId>& out) const {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = WordEnd(text, begin);
    AppendWord(text.substr(begin, end - begin), out);
    begin = end;
  }
}

void Tokenizer::AppendWord(std::string_view word, std::vector<TokenId>& out) const {
  const auto known = cache_->Find(word);
  if (!known.empty()) {
    out.insert(out.end(), known.begin(), known.end());
    return;
  }
  std::vector<TokenId>& ids = cache_->word;
  ids.clear();
  for (const char byte : word) ids.push_back(tables_->byte_ids[static_cast<uint8_t>(byte)]);
  MergeWord(tables_->merges, ids);
  if (word.size() <= kLongestCached) cache_->Add(word, ids);
  out.insert(out.end(), ids.begin(), ids.end());
}

std::string Tokenizer::Decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += Decode(id);
  return text;
}

std::string_view Tokenizer::Decode(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= size()) return {};
  return tables_->bytes[static_cast<size_t>(id)];
}

const Vocabulary& Tokenizer::vocabulary() const {
  return tables_->vocabulary;
}

TokenId Tokenizer::Find(std::string_view token) const {
  return tables_->Find(token);
}

}  // namespace understudy
