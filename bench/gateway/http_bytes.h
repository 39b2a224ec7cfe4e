// Just enough HTTP/1.1 to find where a message ends; both sides here are our own programs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace understudy::bench {

inline std::string_view HeadOf(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : bytes.substr(0, end + 4);
}

inline bool LowerEquals(std::string_view text, std::string_view lower) {
  for (size_t i = 0; i < lower.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// Value of a field given as "content-length:" (lower case, with the colon), or nothing.
inline std::optional<std::string_view> Field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    if (head.size() - at < name.size()) return std::nullopt;
    if (!LowerEquals(head.substr(at, name.size()), name)) continue;
    std::string_view value = head.substr(at + name.size());
    value = value.substr(0, value.find("\r\n"));
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return std::nullopt;
}

// Length of the whole message at the front of `bytes`, 0 while it is incomplete.
inline size_t MessageLength(std::string_view bytes) {
  const std::string_view head = HeadOf(bytes);
  if (head.empty()) return 0;
  if (const auto length = Field(head, "content-length:")) {
    const size_t whole = head.size() + std::strtoull(length->data(), nullptr, 10);
    return bytes.size() >= whole ? whole : 0;
  }
  if (Field(head, "transfer-encoding:")) {
    const size_t end = bytes.find("\r\n0\r\n\r\n", head.size() - 2);
    return end == std::string_view::npos ? 0 : end + 7;
  }
  return head.size();
}

}  // namespace understudy::bench
