// Optimal string alignment: Levenshtein's distance with swapped neighbours as one edit
// (Damerau 1964), ASCII letters compared without case.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/config.h"

namespace understudy {
namespace {

constexpr size_t kMaxName = 64;

bool SameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kMaxName + 1>, 3> rows{};
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = SameLetter(a[i - 1], b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && SameLetter(a[i - 1], b[j - 2]) && SameLetter(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  if (name.empty() || name.size() > kMaxName) return {};
  size_t best = std::clamp<size_t>(name.size() / 3, 1, 3) + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    if (candidate.empty() || candidate.size() > kMaxName) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance >= best || distance >= name.size()) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace understudy
