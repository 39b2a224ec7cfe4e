// The merges of a vocabulary, by the pair of token ids: a flat hash table, one probe as a rule.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "tokens/vocabulary.h"

namespace understudy {

inline constexpr uint32_t kNoRank = UINT32_MAX;

struct Merge {
  uint32_t rank = kNoRank;  // lower ranks apply first
  TokenId result = kNoToken;
};

class MergeTable {
 public:
  explicit MergeTable(size_t merges)
      : slots_(std::bit_ceil(2 * merges + 2)), mask_(slots_.size() - 1) {}

  // The first merge of a pair counts, as in llama.cpp.
  void Add(TokenId left, TokenId right, Merge merge) {
    Slot& slot = slots_[Place(KeyOf(left, right))];
    if (slot.key == kEmpty) slot = {KeyOf(left, right), merge};
  }

  // Rank kNoRank where the two do not merge.
  Merge Find(TokenId left, TokenId right) const { return slots_[Place(KeyOf(left, right))].merge; }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;
  struct Slot {
    uint64_t key = kEmpty;
    Merge merge;
  };
  static uint64_t KeyOf(TokenId left, TokenId right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  // The slot that holds the key, or the empty one where it would go.
  size_t Place(uint64_t key) const {
    size_t at = (key * 0x9E3779B97F4A7C15u) >> 32 & mask_;
    while (slots_[at].key != key && slots_[at].key != kEmpty) at = (at + 1) & mask_;
    return at;
  }

  std::vector<Slot> slots_;
  size_t mask_;
};

}  // namespace understudy
