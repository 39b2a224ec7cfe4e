#include "flywheel/curate/groups.h"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/ids.h"

namespace understudy {

std::string_view Name(Part part) {
  constexpr std::array<std::string_view, kPartCount> kNames{"test", "calib", "valid", "train"};
  return kNames[static_cast<size_t>(part)];
}

Result<SplitShares> ParseShares(std::string_view text) {
  const auto wrong = [&] {
    return Fail(InvalidInput(fmt::format("'{}' is no split", text))
                    .Mend("Give four percentages that add up to 100: train/valid/calib/test, such "
                          "as 80/8/6/6."));
  };
  std::array<double, kPartCount> shares{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < shares.size(); ++i) {
    if (i > 0 && (at == end || *at++ != '/')) return wrong();
    const auto read = std::from_chars(at, end, shares[i]);
    if (read.ec != std::errc() || !(shares[i] >= 0) || !(shares[i] <= 100)) return wrong();
    at = read.ptr;
  }
  const double sum = shares[0] + shares[1] + shares[2] + shares[3];
  if (at != end || std::abs(sum - 100) > 1e-6) return wrong();
  return SplitShares{shares[0], shares[1], shares[2], shares[3]};
}

uint64_t PlaceOf(std::string_view name, uint64_t seed) {
  const std::string key = Sha256Hex(fmt::format("understudy split {}", seed)).substr(0, 32);
  const std::string hex = KeyedHash(key, name).substr(0, 16);
  uint64_t place = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), place, 16);
  return place;
}

Part PartAt(uint64_t place, const SplitShares& shares) {
  const double percent = static_cast<double>(place) / 0x1p64 * 100;
  if (percent < shares.test) return Part::kTest;
  if (percent < shares.test + shares.calib) return Part::kCalib;
  return percent < shares.test + shares.calib + shares.valid ? Part::kValid : Part::kTrain;
}

}  // namespace understudy
