// Control and user-defined tokens found in text, as llama.cpp finds them: the longest token first,
// each wherever it occurs in what the longer ones left.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokens/vocabulary.h"

namespace understudy {

class SpecialTexts {
 public:
  struct Piece {
    std::string_view text;  // a view into the text that was split
    TokenId id = kNoToken;  // kNoToken: ordinary text
  };

  explicit SpecialTexts(const Vocabulary& vocabulary);

  // In order; no piece is empty. Together they are the text.
  std::vector<Piece> Split(std::string_view text) const;

 private:
  struct Special {
    std::string text;
    TokenId id;
  };
  std::vector<Special> specials_;  // longest first
};

}  // namespace understudy
