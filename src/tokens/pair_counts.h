// How often each pair of neighbouring tokens occurs in a set of words, kept up to date while pairs
// are merged: the working state of LearnVocabulary.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokens/vocabulary.h"

namespace understudy {

class PairCounts {
 public:
  using Pair = std::pair<TokenId, TokenId>;

  // A distinct word as byte tokens, and how often it occurs.
  void AddWord(std::vector<TokenId> ids, uint64_t count);
  // After all words.
  void Start();

  // The pair of the highest count, the lowest ids among equals; nothing when no count reaches
  // `least`.
  std::optional<Pair> Best(uint64_t least);
  // Takes the pair out of the counts without merging it.
  void Forbid(Pair pair);
  // Replaces every occurrence of the pair by `result`.
  void Merge(Pair pair, TokenId result);

 private:
  struct Word {
    std::vector<TokenId> ids;
    uint64_t count;
  };
  struct Entry {
    int64_t count = 0;
    std::vector<uint32_t> words;  // that held the pair when it was counted; some no more
  };
  struct Candidate {
    int64_t count;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };
  struct PairHash {
    size_t operator()(const Pair& pair) const {
      const uint64_t both = static_cast<uint64_t>(static_cast<uint32_t>(pair.first)) << 32 |
                            static_cast<uint32_t>(pair.second);
      return both * 0x9E3779B97F4A7C15u >> 16;
    }
  };

  void Count(Pair pair, int64_t change, uint32_t word);
  void MergeIn(uint32_t word, Pair pair, TokenId result);

  std::vector<Word> words_;
  std::unordered_map<Pair, Entry, PairHash> entries_;
  std::priority_queue<Candidate> queue_;  // counts may be out of date: checked when taken
  std::vector<Pair> raised_;              // by the merge that runs
};

}  // namespace understudy
