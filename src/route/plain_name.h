// Names that a file's writer made up and that go into headers, paths and log lines.
#pragma once

#include <algorithm>
#include <string_view>

namespace understudy {

inline constexpr size_t kMaxPlainName = 200;

// 1 to kMaxPlainName letters, digits, '.', '_' and '-'.
inline bool IsPlainName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPlainName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace understudy
