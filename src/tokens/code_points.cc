#include "tokens/code_points.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace understudy {
namespace {

struct Range {
  uint32_t first, last;
  CharClass kind;
};

// Sorted. What is assigned since the Unicode version of utf8proc.
constexpr Range kLater[] = {
    {0x2EBF0, 0x2EE5D, CharClass::kLetter},  // ideographs, extension I: Unicode 15.1
};

CharClass Later(uint32_t code) {
  const auto* range = std::lower_bound(
      std::begin(kLater), std::end(kLater), code,
      [](const Range& candidate, uint32_t wanted) { return candidate.last < wanted; });
  return range != std::end(kLater) && range->first <= code ? range->kind : CharClass::kOther;
}

bool IsSpace(uint32_t code) {
  return (code >= 9 && code <= 13) || code == 32 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

CharClass Classify(uint32_t code) {
  if (code == '\r' || code == '\n') return CharClass::kLineBreak;
  if (IsSpace(code)) return CharClass::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CharClass::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return CharClass::kNumber;
    case UTF8PROC_CATEGORY_CN: return Later(code);
    default: return CharClass::kOther;
  }
}

}  // namespace

CharClass ClassOf(uint32_t code) {
  static const auto ascii = [] {
    std::array<CharClass, 128> all;
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = Classify(i);
    return all;
  }();
  return code < ascii.size() ? ascii[code] : Classify(code);
}

CodePoint DecodeAt(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<uint8_t>(text[at + i]));
  };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (first < 0xF0) return {(first & 0xF) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  return {(first & 7) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
}

}  // namespace understudy
