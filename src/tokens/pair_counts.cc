#include "tokens/pair_counts.h"

#include <algorithm>

namespace understudy {

void PairCounts::AddWord(std::vector<TokenId> ids, uint64_t count) {
  const auto word = static_cast<uint32_t>(words_.size());
  for (size_t i = 0; i + 1 < ids.size(); ++i) {
    Count({ids[i], ids[i + 1]}, static_cast<int64_t>(count), word);
  }
  words_.push_back({std::move(ids), count});
  raised_.clear();
}

void PairCounts::Start() {
  for (const auto& [pair, entry] : entries_) queue_.push({entry.count, pair});
}

void PairCounts::Count(Pair pair, int64_t change, uint32_t word) {
  Entry& entry = entries_[pair];
  entry.count += change;
  if (change < 0) return;
  if (entry.words.empty() || entry.words.back() != word) entry.words.push_back(word);
  raised_.push_back(pair);
}

std::optional<PairCounts::Pair> PairCounts::Best(uint64_t least) {
  while (!queue_.empty()) {
    const Candidate top = queue_.top();
    const auto found = entries_.find(top.pair);
    const int64_t count = found == entries_.end() ? 0 : found->second.count;
    if (count == top.count) {
      if (count < static_cast<int64_t>(least)) return std::nullopt;
      return top.pair;
    }
    queue_.pop();  // counts that rose were queued anew, those that fell are now
    if (count > 0 && count < top.count) queue_.push({count, top.pair});
  }
  return std::nullopt;
}

void PairCounts::Forbid(Pair pair) {
  entries_.erase(pair);
}

void PairCounts::Merge(Pair pair, TokenId result) {
  const auto found = entries_.find(pair);
  if (found == entries_.end()) return;
  std::vector<uint32_t> words = std::move(found->second.words);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  raised_.clear();
  for (const uint32_t word : words) MergeIn(word, pair, result);
  entries_.erase(pair);
  std::sort(raised_.begin(), raised_.end());
  raised_.erase(std::unique(raised_.begin(), raised_.end()), raised_.end());
  for (const Pair& raised : raised_) {
    const auto entry = entries_.find(raised);
    if (entry != entries_.end() && entry->second.count > 0) {
      queue_.push({entry->second.count, raised});
    }
  }
}

// The word's pairs are taken out of the counts and, after the merge, counted again: words are
// short, and overlapping occurrences ("aaa") need no care of their own.
void PairCounts::MergeIn(uint32_t word, Pair pair, TokenId result) {
  std::vector<TokenId>& ids = words_[word].ids;
  const auto count = static_cast<int64_t>(words_[word].count);
  size_t size = 0;
  std::vector<TokenId> merged(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool is_pair = i + 1 < ids.size() && ids[i] == pair.first && ids[i + 1] == pair.second;
    merged[size++] = is_pair ? result : ids[i];
    i += is_pair;
  }
  merged.resize(size);
  if (size == ids.size()) return;
  const auto both = [&](TokenId a, TokenId b) { return a == result || b == result; };
  for (size_t i = 0; i + 1 < ids.size(); ++i) Count({ids[i], ids[i + 1]}, -count, word);
  for (size_t i = 0; i + 1 < size; ++i) {
    if (both(merged[i], merged[i + 1])) {
      Count({merged[i], merged[i + 1]}, count, word);
    } else {
      entries_[{merged[i], merged[i + 1]}].count += count;  // as before
    }
  }
  ids.swap(merged);
}

}  // namespace understudy
