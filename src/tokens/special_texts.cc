#include "tokens/special_texts.h"

#include <algorithm>

namespace understudy {
namespace {

using Piece = SpecialTexts::Piece;

// `piece` cut at every occurrence of `text`.
void Cut(const Piece& piece, std::string_view text, TokenId id, std::vector<Piece>& out) {
  std::string_view rest = piece.text;
  for (size_t at = rest.find(text); at != rest.npos; at = rest.find(text)) {
    if (at > 0) out.push_back({rest.substr(0, at)});
    out.push_back({rest.substr(at, text.size()), id});
    rest.remove_prefix(at + text.size());
  }
  if (!rest.empty()) out.push_back({rest});
}

}  // namespace

SpecialTexts::SpecialTexts(const Vocabulary& vocabulary) {
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const TokenKind kind = vocabulary.kinds[i];
    const bool is_special = kind == TokenKind::kControl || kind == TokenKind::kUserDefined ||
                            kind == TokenKind::kUnknown;
    if (!is_special || vocabulary.tokens[i].empty()) continue;
    specials_.push_back({vocabulary.tokens[i], static_cast<TokenId>(i)});
  }
  std::stable_sort(specials_.begin(), specials_.end(), [](const Special& a, const Special& b) {
    return a.text.size() > b.text.size();
  });
}

std::vector<Piece> SpecialTexts::Split(std::string_view text) const {
  std::vector<Piece> pieces, next;
  if (!text.empty()) pieces.push_back({text});
  for (const Special& special : specials_) {
    if (text.find(special.text) == text.npos) continue;
    next.clear();
    for (const Piece& piece : pieces) {
      if (piece.id == kNoToken) {
        Cut(piece, special.text, special.id, next);
      } else {
        next.push_back(piece);
      }
    }
    pieces.swap(next);
  }
  return pieces;
}

}  // namespace understudy
