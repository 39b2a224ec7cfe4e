// API keys and other secrets.
#include <algorithm>
#include <array>
#include <cmath>

#include "privacy/scan.h"

namespace understudy {
namespace {

struct Prefix {
  std::string_view text;
  size_t least;  // bytes behind it
};
// As their makers document them; longer ones first where one begins another.
constexpr Prefix kPrefixes[] = {
    {"sk-ant-", 20},     {"sk-proj-", 20}, {"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16},
    {"rk_test_", 16},    {"sk-", 20},      {"ghp_", 30},     {"gho_", 30},     {"ghu_", 30},
    {"ghs_", 30},        {"ghr_", 30},     {"us_", 40},      {"hf_", 30},      {"npm_", 30},
    {"github_pat_", 40}, {"glpat-", 20},   {"xoxb-", 20},    {"xoxp-", 20},    {"xoxa-", 20},
    {"xoxr-", 20},       {"xoxs-", 20},    {"AKIA", 16},     {"ASIA", 16},     {"AIza", 30},
    {"ya29.", 20},       {"dop_v1_", 40},  {"shpat_", 30},   {"SG.", 40},      {"gsk_", 30},
    {"pplx-", 30},       {"r8_", 30},      {"tvly-", 20},    {"whsec_", 24},
};
constexpr size_t kLongestSecret = 4096;
constexpr size_t kLongestNamed = 512, kLongestName = 40;
constexpr std::string_view kMark = "EXAMPLE";  // what our substitutes begin with

bool IsTokenByte(char c) {
  return IsAlnum(c) || c == '_' || c == '-';
}

// More characters that base64 and paths of secrets have.
bool IsWideTokenByte(char c) {
  return IsTokenByte(c) || c == '+' || c == '/' || c == '.' || c == '~';
}

size_t TokenEnd(std::string_view text, size_t at, bool (*is_byte)(char),
                size_t longest = kLongestSecret) {
  const size_t limit = std::min(text.size(), at + longest);
  while (at < limit && is_byte(text[at])) ++at;
  return at;
}

Entity Secret(std::string_view text, size_t begin, size_t end, bool fictitious) {
  return {EntityKind::kSecret, begin, end, std::string(text.substr(begin, end - begin)),
          fictitious};
}

bool HasDigitAndLetter(std::string_view token) {
  return std::ranges::any_of(token, IsDigit) && std::ranges::any_of(token, IsLetter);
}

// eyJ<header>.<payload>.<signature>, base64url (RFC 7519).
Found ScanJwt(std::string_view text, size_t at) {
  const size_t header = TokenEnd(text, at, IsTokenByte);
  if (header - at < 12 || At(text, header) != '.') return std::nullopt;
  const size_t payload = TokenEnd(text, header + 1, IsTokenByte);
  if (payload - header < 12 || At(text, payload) != '.') return std::nullopt;
  const size_t end = TokenEnd(text, payload + 1, IsTokenByte);
  return Secret(text, at, end, text.substr(at + 3).starts_with(kMark));
}

double BitsPerByte(std::string_view token) {
  std::array<int, 256> counts{};
  for (const char c : token) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(token.size());
    if (count > 0) bits -= share * std::log2(share);
  }
  return bits;
}

int ClassOf(char c) {
  return IsDigit(c) ? 0 : IsLower(c) ? 1 : IsUpper(c) ? 2 : 3;
}

// Random keys change between digits, small and capital letters all the time; words and dates do
// not.
bool LooksRandom(std::string_view token) {
  if (token.size() < 16 || !HasDigitAndLetter(token)) return false;
  int changes = 0, last = 3;
  for (const char c : token) {
    const int now = ClassOf(c);
    changes += now != last && now != 3 && last != 3;
    last = now;
  }
  return changes >= 5 && BitsPerByte(token) >= 3;
}

bool NamesSecret(std::string_view word) {
  for (const std::string_view part :
       {"password", "passwd", "secret", "token", "apikey", "api_key", "api-key", "access_key",
        "private_key", "credential", "bearer", "authorization"}) {
    if (word.find(part) != std::string_view::npos) return true;
  }
  return word == "key" || word == "pwd";
}

// Where the value begins that a name at `end` announces: `: "x`, `=x`, ` is x`, ` x`.
size_t ValueBegin(std::string_view text, size_t end) {
  size_t at = end;
  const auto skip = [&](std::string_view bytes, size_t most) {
    for (size_t i = 0;
         i < most && bytes.find(At(text, at)) != std::string_view::npos && At(text, at) != '\0';
         ++i) {
      ++at;
    }
  };
  skip("\"'` ", 3);
  if (text.substr(at, 3) == "is ") at += 3;
  skip(":=", 2);
  skip("\"'` ", 3);
  if (LowerAscii(text.substr(at, 7)) == "bearer ") at += 7;
  return at;
}

// What stands at `begin`, where a name has announced a secret.
Found TokenAt(const ScanText& in, size_t begin) {
  const std::string_view text = in.text;
  if (Found known = ScanPrefixSecret(in, begin)) return known;
  size_t end = TokenEnd(text, begin, IsWideTokenByte, kLongestNamed);
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == '/')) --end;
  const std::string_view token = text.substr(begin, end - begin);
  // Behind whatever prefix the substitute kept.
  const bool ours = token.size() >= 16 && token.substr(0, 24).find(kMark) != std::string_view::npos;
  if (!ours && !LooksRandom(token)) return std::nullopt;
  return Secret(text, begin, end, ours);
}

}  // namespace

Found ScanPrefixSecret(const ScanText& in, size_t word) {
  const std::string_view text = in.text, rest = text.substr(word);
  // Once a token: "sk-sk-sk-" is read from its beginning alone.
  if (!WordMayBegin(text, word) || At(text, word - 1) == '-') return std::nullopt;
  if (rest.starts_with("eyJ")) return ScanJwt(text, word);
  for (const Prefix& prefix : kPrefixes) {
    if (!rest.starts_with(prefix.text)) continue;
    const size_t body = word + prefix.text.size();
    const bool dots = prefix.text.back() == '.';
    size_t end = TokenEnd(text, body, dots ? IsWideTokenByte : IsTokenByte);
    while (end > body && !IsAlnum(text[end - 1])) --end;
    const std::string_view token = text.substr(body, end - body);
    if (token.size() < prefix.least) return std::nullopt;
    const bool ours = token.starts_with(kMark);
    // An AWS key id is exactly so long; of the others the words of a name have no digits.
    const bool aws = prefix.text == "AKIA" || prefix.text == "ASIA";
    if (aws && token.size() != prefix.least) return std::nullopt;
    if (!ours && !aws && !HasDigitAndLetter(token)) return std::nullopt;
    return Secret(text, word, end, ours);
  }
  return std::nullopt;
}

Found ScanPem(const ScanText& in, size_t dash) {
  const std::string_view text = in.text, head = text.substr(dash, 64);
  const size_t named = head.find("PRIVATE KEY-----");
  if (named == std::string_view::npos) return std::nullopt;
  const size_t begin = dash + named + 16;
  const size_t limit = std::min(text.size(), begin + 4 * kLongestSecret);
  size_t end = begin;
  while (end < limit && text.substr(end, 5) != "-----") ++end;
  if (end - begin < 32) return std::nullopt;
  const size_t first = text.find_first_not_of(" \r\n\t", begin);
  return Secret(text, begin, end, text.substr(first).starts_with(kMark));
}

Found ScanNamedSecret(const ScanText& in, size_t word) {
  const std::string_view text = in.text;
  const size_t end = TokenEnd(text, word, IsTokenByte, kLongestName + 1);
  if (end - word < 3 || end - word > kLongestName ||
      !NamesSecret(LowerAscii(text.substr(word, end - word)))) {
    return std::nullopt;
  }
  const size_t value = ValueBegin(text, end);
  return value == end ? std::nullopt : TokenAt(in, value);
}

Found ScanKeyedSecret(const ScanText& in) {
  if (in.key.empty() || in.is_number || in.text.size() < 16) return std::nullopt;
  if (in.key.size() > 64 || !NamesSecret(LowerAscii(in.key))) return std::nullopt;
  return TokenAt(in, LowerAscii(in.text.substr(0, 7)) == "bearer " ? 7 : 0);
}

}  // namespace understudy
