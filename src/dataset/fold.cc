#include "dataset/fold.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/ids.h"

namespace understudy {
namespace {

// A conversation's identity, grown message by message. 128 bits: two of them never meet by chance.
Hash128 Extend(const Hash128& before, uint32_t next) {
  const std::array<uint64_t, 3> bytes{before.low, before.high, next};
  return FastHash128({reinterpret_cast<const char*>(bytes.data()), sizeof bytes});
}

Hash128 Start(const Example& example) {
  return Extend(FastHash128(example.session), example.tools);
}

// Of the conversation with its answer.
Hash128 Whole(const Example& example) {
  Hash128 hash = Start(example);
  for (const uint32_t message : example.messages) hash = Extend(hash, message);
  return Extend(hash, example.answer);
}

// Longest conversations first, else in order of the file: whoever claims an example is longest.
std::vector<size_t> LongestFirst(std::span<const Example> examples) {
  std::vector<size_t> order(examples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](size_t i) { return examples[i].messages.size(); });
  return order;
}

class Folder {
 public:
  explicit Folder(std::span<const Example> examples)
      : examples_(examples), claimed_(examples.size(), false) {
    for (size_t i = 0; i < examples.size(); ++i) by_whole_.emplace(Whole(examples[i]), i);
  }

  Chain Claim(size_t head) {
    Chain chain{head, {}};
    claimed_[head] = true;
    const Example& example = examples_[head];
    Hash128 hash = Start(example);
    for (const uint32_t message : example.messages) {
      hash = Extend(hash, message);
      const auto known = by_whole_.find(hash);
      if (known == by_whole_.end() || claimed_[known->second]) continue;
      claimed_[known->second] = true;
      chain.folded.push_back(known->second);
    }
    return chain;
  }
  bool claimed(size_t index) const { return claimed_[index]; }

 private:
  std::span<const Example> examples_;
  std::vector<bool> claimed_;
  std::map<Hash128, size_t> by_whole_;
};

}  // namespace

std::vector<Chain> Fold(std::span<const Example> examples) {
  Folder folder(examples);
  std::vector<Chain> chains;
  for (const size_t head : LongestFirst(examples)) {
    if (!folder.claimed(head)) chains.push_back(folder.Claim(head));
  }
  std::ranges::sort(chains, {}, &Chain::head);
  return chains;
}

}  // namespace understudy
