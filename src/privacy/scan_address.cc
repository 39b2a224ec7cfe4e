// E-mail and IP addresses.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "privacy/scan.h"

namespace understudy {
namespace {

constexpr size_t kMaxLocal = 64, kMaxDomain = 253;  // RFC 5321, 4.5.3.1

bool IsLocalByte(char c) {
  // Letters of Latin scripts too, in UTF-8: U+00C0 to U+027F.
  const auto byte = static_cast<unsigned char>(c);
  return IsAlnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c == '\'' ||
         (byte >= 0xC3 && byte <= 0xC9) || (byte >= 0x80 && byte <= 0xBF);
}

// The longest prefix of complete two-byte letters must begin with a lead byte.
size_t LocalBegin(const ScanText& in, size_t at) {
  size_t begin = at;
  while (begin > in.done && at - begin < kMaxLocal && IsLocalByte(in.text[begin - 1])) --begin;
  if (begin < at && IsBehindEscape(in.text, begin + 1)) ++begin;
  while (begin < at) {
    const auto byte = static_cast<unsigned char>(in.text[begin]);
    const auto next = static_cast<unsigned char>(At(in.text, begin + 1));
    if (IsAlnum(in.text[begin]) || in.text[begin] == '_') break;
    if (byte >= 0xC3 && byte <= 0xC9 && next >= 0x80 && next <= 0xBF) break;
    ++begin;
  }
  // A sequence of three bytes or four is no letter of a local part: begin behind it.
  for (size_t i = begin; i < at; ++i) {
    const auto byte = static_cast<unsigned char>(in.text[i]);
    if (byte < 0x80) continue;
    const auto next = static_cast<unsigned char>(At(in.text, i + 1));
    if (byte >= 0xC3 && next >= 0x80 && next <= 0xBF) {
      ++i;
    } else {
      begin = i + 1;
    }
  }
  while (begin < at && !IsAlnum(in.text[begin]) && in.text[begin] != '_' &&
         static_cast<unsigned char>(in.text[begin]) < 0x80) {
    ++begin;
  }
  return begin;
}

// End of a domain of two labels or more whose last one is letters; 0 if there is none.
size_t DomainEnd(std::string_view text, size_t begin) {
  size_t end = 0, label = begin;
  bool letters = true;
  for (size_t i = begin; i <= text.size() && i - begin <= kMaxDomain; ++i) {
    const char c = At(text, i);
    if (IsAlnum(c) || c == '-') {
      letters = letters && IsLetter(c);
      continue;
    }
    if (i == label) break;
    if (label > begin && letters && i - label >= 2) end = i;
    if (c != '.') break;
    label = i + 1;
    letters = true;
  }
  return end;
}

// Domains that RFC 2606 and RFC 6761 keep for documentation and tests.
bool IsReservedDomain(std::string_view domain) {
  for (const std::string_view name : {"example.com", "example.org", "example.net"}) {
    if (domain == name || domain.ends_with(fmt::format(".{}", name))) return true;
  }
  return domain.ends_with(".example") || domain.ends_with(".test") ||
         domain.ends_with(".invalid") || domain.ends_with(".localhost");
}

// Not anybody's: documentation, benchmarks (RFC 5737, RFC 2544), loopback, masks, "this host".
bool IsFictitiousIpv4(const std::array<int, 4>& ip) {
  const auto is = [&](int a, int b, int c) { return ip[0] == a && ip[1] == b && ip[2] == c; };
  return ip[0] == 0 || ip[0] == 127 || ip[0] == 255 || is(192, 0, 2) || is(198, 51, 100) ||
         is(203, 0, 113) || (ip[0] == 198 && (ip[1] == 18 || ip[1] == 19));
}

bool LooksLikeVersion(std::string_view text, size_t at) {
  const std::string before = LowerAscii(text.substr(at > 9 ? at - 9 : 0, std::min<size_t>(at, 9)));
  return before.ends_with("version ") || before.ends_with("release ") || before.ends_with("ver. ");
}

}  // namespace

Found ScanEmail(const ScanText& in, size_t at) {
  const size_t begin = LocalBegin(in, at), end = DomainEnd(in.text, at + 1);
  if (begin >= at || end == 0) return std::nullopt;
  const std::string_view local = in.text.substr(begin, at - begin);
  if (local == "git" && At(in.text, end) == ':') return std::nullopt;  // a repository's address
  const bool reserved = IsReservedDomain(LowerAscii(in.text.substr(at + 1, end - at - 1)));
  return Entity{EntityKind::kEmail, begin, end, LowerAscii(in.text.substr(begin, end - begin)),
                reserved};
}

Found ScanIpv4(const ScanText& in, size_t digit) {
  const std::string_view text = in.text;
  if (in.is_number || !WordMayBegin(text, digit) || At(text, digit - 1) == '.') return std::nullopt;
  std::array<int, 4> ip{};
  size_t at = digit;
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && At(text, at++) != '.') return std::nullopt;
    const size_t begin = at;
    while (at < begin + 3 && IsDigit(At(text, at))) ip[i] = ip[i] * 10 + (text[at++] - '0');
    const bool leading_zero = at - begin > 1 && text[begin] == '0';
    if (at == begin || ip[i] > 255 || leading_zero) return std::nullopt;
  }
  const char after = At(text, at);
  if (IsAlnum(after) || after == '_' || (after == '.' && IsDigit(At(text, at + 1)))) {
    return std::nullopt;
  }
  if (LooksLikeVersion(text, digit)) return std::nullopt;
  return Entity{EntityKind::kIpv4, digit, at, std::string(text.substr(digit, at - digit)),
                IsFictitiousIpv4(ip)};
}

Found ScanIpv6(const ScanText& in, size_t hex) {
  const std::string_view text = in.text;
  constexpr size_t kLongest = 39;
  if (in.is_number || !IsHex(text[hex])) return std::nullopt;
  if (!WordMayBegin(text, hex) || At(text, hex - 1) == ':') return std::nullopt;
  size_t end = hex, colons = 0, groups = 0;
  for (; end < text.size() && end - hex <= kLongest; ++end) {
    const char c = text[end];
    if (c != ':' && !IsHex(c)) break;
    colons += c == ':';
    groups += c != ':' && (end == hex || text[end - 1] == ':');
  }
  if (text[end - 1] == ':' && end > hex + 1 && text[end - 2] != ':') --end, --colons;
  if (colons < 2 || end - hex > kLongest || IsAlnum(At(text, end)) || At(text, end) == '_') {
    return std::nullopt;
  }
  const std::string spelled(text.substr(hex, end - hex));
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, spelled.c_str(), bytes.data()) != 1) return std::nullopt;
  // Compressed forms look like a::b of a program: only in ranges that are in use.
  const bool in_use = (bytes[0] & 0xE0) == 0x20 || (bytes[0] & 0xFE) == 0xFC;
  if (groups < 8 && !in_use) return std::nullopt;
  const bool documentation =
      bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
  return Entity{EntityKind::kIpv6, hex, end,
                std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                documentation};
}

}  // namespace understudy
