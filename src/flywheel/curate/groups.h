// Rows that belong together, and the part of the data that each such group goes to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace understudy {

// Disjoint sets of 0..n-1, by size and with path halving (Tarjan 1975).
class Union {
 public:
  explicit Union(size_t count) : parent_(count), size_(count, 1) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  uint32_t Find(uint32_t row) {
    while (parent_[row] != row) row = parent_[row] = parent_[parent_[row]];
    return row;
  }
  // False where they were together already.
  bool Join(uint32_t a, uint32_t b) {
    a = Find(a), b = Find(b);
    if (a == b) return false;
    if (size_[a] < size_[b]) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
    return true;
  }

 private:
  std::vector<uint32_t> parent_, size_;
};

// The life of the data, the most guarded part first: where groups merge it keeps them.
enum class Part : uint8_t { kTest, kCalib, kValid, kTrain };
inline constexpr size_t kPartCount = 4;
std::string_view Name(Part part);  // "test"

// Shares in percent, of groups; they add up to 100.
struct SplitShares {
  double train = 80, valid = 8, calib = 6, test = 6;
};
// "80/8/6/6": train, valid, calib, test.
Result<SplitShares> ParseShares(std::string_view text);

// Where a name stands in the order of the split: 64 bits, by a hash keyed with the seed. A group
// has the least of its members' places. Test is the beginning of the order, then come calib, valid
// and train: so test wins over calib over valid over train whenever groups merge, and a group that
// grows never loses what was held back.
uint64_t PlaceOf(std::string_view name, uint64_t seed);
Part PartAt(uint64_t place, const SplitShares& shares);

}  // namespace understudy
