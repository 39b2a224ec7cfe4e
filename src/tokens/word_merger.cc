#include "tokens/word_merger.h"

#include <algorithm>
#include <queue>

namespace understudy {
namespace {

constexpr size_t kShort = 48;  // up to here searching all pairs again beats a queue

// Quadratic in the word's length.
void MergeShort(const MergeTable& merges, std::vector<TokenId>& ids) {
  std::array<Merge, kShort> pairs;  // pairs[i]: ids[i] with ids[i + 1]
  size_t size = ids.size();
  for (size_t i = 0; i + 1 < size; ++i) pairs[i] = merges.Find(ids[i], ids[i + 1]);
  while (size > 1) {
    const auto* best = std::min_element(
        pairs.begin(), pairs.begin() + size - 1,
        [](const Merge& a, const Merge& b) { return a.rank < b.rank; });  // the first of equals
    if (best->rank == kNoRank) break;
    const auto at = static_cast<size_t>(best - pairs.begin());
    ids[at] = best->result;
    std::copy(ids.begin() + at + 2, ids.begin() + size, ids.begin() + at + 1);
    std::copy(pairs.begin() + at + 1, pairs.begin() + size - 1, pairs.begin() + at);
    --size;
    if (at > 0) pairs[at - 1] = merges.Find(ids[at - 1], ids[at]);
    if (at + 1 < size) pairs[at] = merges.Find(ids[at], ids[at + 1]);
  }
  ids.resize(size);
}

// A linked list of tokens and a queue of the pairs that may merge; a pair that has changed since
// it was queued is passed over.
class LongWord {
 public:
  LongWord(const MergeTable& merges, const std::vector<TokenId>& ids) : merges_(merges) {
    nodes_.resize(ids.size());
    for (uint32_t i = 0; i < nodes_.size(); ++i) nodes_[i] = {ids[i], i - 1, i + 1};
    for (uint32_t i = 0; i + 1 < nodes_.size(); ++i) Queue(i);
  }

  void Run(std::vector<TokenId>& ids) {
    while (!queue_.empty()) {
      const Pair pair = queue_.top();
      queue_.pop();
      Node& left = nodes_[pair.at];
      if (left.id != pair.left || left.next >= nodes_.size()) continue;
      if (nodes_[left.next].id != pair.right) continue;
      Join(pair);
    }
    ids.clear();
    for (uint32_t i = 0; i < nodes_.size(); i = nodes_[i].next) ids.push_back(nodes_[i].id);
  }

 private:
  struct Node {
    TokenId id = kNoToken;  // kNoToken once it is part of the one before
    uint32_t previous = 0, next = 0;
  };
  struct Pair {
    uint32_t rank, at;
    TokenId left, right, result;
    bool operator>(const Pair& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };

  void Queue(uint32_t at) {
    const TokenId left = nodes_[at].id, right = nodes_[nodes_[at].next].id;
    const Merge merge = merges_.Find(left, right);
    if (merge.rank != kNoRank) queue_.push({merge.rank, at, left, right, merge.result});
  }

  void Join(const Pair& pair) {
    Node& left = nodes_[pair.at];
    Node& right = nodes_[left.next];
    left.id = pair.result;
    left.next = right.next;
    right.id = kNoToken;
    if (left.next < nodes_.size()) {
      nodes_[left.next].previous = pair.at;
      Queue(pair.at);
    }
    if (left.previous < nodes_.size()) Queue(left.previous);
  }

  const MergeTable& merges_;
  std::vector<Node> nodes_;
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> queue_;
};

}  // namespace

void MergeWord(const MergeTable& merges, std::vector<TokenId>& ids) {
  if (ids.size() <= kShort) {
    MergeShort(merges, ids);
  } else {
    LongWord(merges, ids).Run(ids);
  }
}

}  // namespace understudy
