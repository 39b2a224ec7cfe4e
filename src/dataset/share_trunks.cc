#include "dataset/share_trunks.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "dataset/pack.h"

namespace understudy {
namespace {

// Of how much the sequences of a group begin alike on average, their common trunk must keep this
// share: else smaller groups have longer trunks.
constexpr double kKeptShare = 0.7;

// Tokens before the first that counts, but for the last of them.
size_t Shareable(const Sequence& sequence) {
  const auto counts = [](float weight) { return weight > 0; };
  const auto first = std::ranges::find_if(sequence.weights, counts) - sequence.weights.begin();
  return first == 0 ? 0 : static_cast<size_t>(first) - 1;
}

struct Entry {
  Sequence sequence;
  size_t shareable = 0;
  size_t alike = 0;  // tokens that it begins with as the one before it does, shareable in both
};

size_t Alike(const Entry& a, const Entry& b) {
  const size_t most = std::min(a.shareable, b.shareable);
  const auto& x = a.sequence.tokens;
  const auto& y = b.sequence.tokens;
  const auto end = x.begin() + static_cast<std::ptrdiff_t>(most);
  return static_cast<size_t>(std::mismatch(x.begin(), end, y.begin()).first - x.begin());
}

void AppendBranch(const Sequence& from, size_t trunk, Sequence& to) {
  const size_t begin = to.tokens.size();
  const auto after = [&](auto& list) { return list.begin() + static_cast<std::ptrdiff_t>(trunk); };
  to.branches.push_back(begin);
  to.tokens.insert(to.tokens.end(), after(from.tokens), from.tokens.end());
  to.weights.insert(to.weights.end(), after(from.weights), from.weights.end());
  to.lines.insert(to.lines.end(), from.lines.begin(), from.lines.end());
  for (const SoftTarget& soft : from.soft) {
    to.soft.push_back({static_cast<uint32_t>(begin + soft.position - trunk), soft.alternatives});
  }
}

class Sharing {
 public:
  explicit Sharing(const ShareOptions& options) : options_(options) {}

  // `entries` sorted by tokens.
  void Group(std::span<Entry> entries) {
    if (entries.size() < 2) return Keep(entries);
    const auto inner = entries.subspan(1);
    size_t trunk = SIZE_MAX, most = 0, sum = 0;
    for (const Entry& entry : inner) {
      trunk = std::min(trunk, entry.alike);
      most = std::max(most, entry.alike);
      sum += entry.alike;
    }
    if (most < options_.least_trunk) return Keep(entries);
    const double mean = static_cast<double>(sum) / static_cast<double>(inner.size());
    const bool worth = trunk >= options_.least_trunk;
    if (worth && static_cast<double>(trunk) >= kKeptShare * mean) return Share(entries, trunk);
    Divide(entries, trunk);
  }
  std::vector<Sequence> Take() { return std::move(out_); }

 private:
  void Keep(std::span<Entry> entries) {
    for (Entry& entry : entries) out_.push_back(std::move(entry.sequence));
  }

  // Cuts wherever two neighbours have no more in common than all have.
  void Divide(std::span<Entry> entries, size_t least) {
    size_t begin = 0;
    for (size_t i = 1; i <= entries.size(); ++i) {
      if (i < entries.size() && entries[i].alike > least) continue;
      Group(entries.subspan(begin, i - begin));
      begin = i;
    }
  }

  // Neighbours are much alike: what shares a trunk is drawn from all of them.
  void Share(std::span<Entry> entries, size_t trunk) {
    std::vector<size_t> order(entries.size());
    std::iota(order.begin(), order.end(), size_t{0});
    SplitMix random(MixSeed(options_.seed, trunk, entries.size()));
    Shuffle(order, random);
    size_t tokens = 0;
    for (const Entry& entry : entries) tokens += entry.sequence.tokens.size();
    const size_t room =
        std::min(options_.max_tokens, std::max(options_.usual, 4 * tokens / entries.size()));
    Sequence open;
    for (const size_t i : order) {
      Sequence& one = entries[i].sequence;
      const size_t more = one.tokens.size() - trunk;
      if (trunk + more > room) {  // long ones among short ones
        out_.push_back(std::move(one));
        continue;
      }
      if (!open.tokens.empty() && open.tokens.size() + more > room) {
        out_.push_back(std::exchange(open, {}));
      }
      if (open.tokens.empty()) {
        const auto end = static_cast<std::ptrdiff_t>(trunk);
        open.tokens.assign(one.tokens.begin(), one.tokens.begin() + end);
        open.weights.assign(trunk, 0.0F);
      }
      AppendBranch(one, trunk, open);
    }
    if (!open.tokens.empty()) out_.push_back(std::move(open));
  }

  const ShareOptions& options_;
  std::vector<Sequence> out_;
};

}  // namespace

std::vector<Sequence> ShareTrunks(std::vector<Sequence> sequences, const ShareOptions& options) {
  std::vector<Entry> entries;
  for (Sequence& sequence : sequences) {
    const size_t shareable = Shareable(sequence);
    entries.push_back({std::move(sequence), shareable, 0});
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& entry) -> const std::vector<int32_t>& {
    return entry.sequence.tokens;
  });
  for (size_t i = 1; i < entries.size(); ++i) entries[i].alike = Alike(entries[i - 1], entries[i]);
  Sharing sharing(options);
  sharing.Group(entries);
  return sharing.Take();
}

}  // namespace understudy
