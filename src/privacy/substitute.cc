#include "privacy/substitute.h"

#include <array>

#include <fmt/format.h>

#include "base/ids.h"
#include "privacy/scan.h"

namespace understudy {
namespace {

// An endless row of numbers that key, kind and identity determine.
class Draw {
 public:
  Draw(const Entity& entity, const MaskKey& key)
      : key_(key), what_(fmt::format("{}:{}", Name(entity.kind), entity.identity)) {}

  // Below `limit`, which is at most 256 or so: the bias of 16 bits is then nothing.
  size_t Below(size_t limit) {
    if (at_ + 4 > block_.size()) {
      block_ = KeyedHash(key_.bytes(), fmt::format("{}:{}", blocks_++, what_));
      at_ = 0;
    }
    size_t number = 0;
    for (const char c : std::string_view(block_).substr(at_, 4)) {
      number = number * 16 + static_cast<size_t>(IsDigit(c) ? c - '0' : c - 'a' + 10);
    }
    at_ += 4;
    return number % limit;
  }
  char Digit() { return static_cast<char>('0' + Below(10)); }
  char Like(char c) {
    if (IsDigit(c)) return Digit();
    if (IsLower(c)) return static_cast<char>('a' + Below(26));
    return IsUpper(c) ? static_cast<char>('A' + Below(26)) : c;
  }

 private:
  const MaskKey& key_;
  std::string what_, block_;
  size_t at_ = 0;
  int blocks_ = 0;
};

// `spelled` with other digits and everything else as it was.
std::string WithDigits(std::string_view spelled, std::string_view digits) {
  std::string out(spelled);
  size_t next = 0;
  for (char& c : out) {
    if (IsDigit(c)) c = digits[next++];
  }
  return out;
}

std::string Email(Draw& draw) {
  constexpr std::string_view kConsonants = "bdfgklmnprstvz", kVowels = "aeiou";
  std::string out;
  const auto name = [&](int syllables) {
    for (int i = 0; i < syllables; ++i) {
      out += kConsonants[draw.Below(kConsonants.size())];
      out += kVowels[draw.Below(kVowels.size())];
    }
  };
  name(3);
  out += '.';
  name(3);
  return fmt::format("{}{}@example.com", out, 10 + draw.Below(90));
}

// The last digits are drawn from the end, so that +CC... and 0... of one number stay alike.
std::string Digits(Draw& draw, size_t count) {
  std::string out(count, '0');
  for (size_t i = count; i-- > 0;) out[i] = draw.Digit();
  return out;
}

std::string Phone(Draw& draw, std::string_view spelled) {
  const bool plus = spelled.starts_with('+');
  const std::string digits = DigitsOf(spelled);
  size_t kept = !plus && digits.starts_with("00") ? 2 : 0;  // the way out, country code, trunk zero
  const std::string_view behind = std::string_view(digits).substr(kept);
  const bool abroad = plus || kept > 0;
  const bool with_one = behind.size() == 11 && behind[0] == '1';
  if (with_one || (!abroad && behind.size() == 10 && behind[0] >= '2')) {
    if (with_one) ++kept;
    const auto tens = static_cast<char>('2' + draw.Below(6));
    const char middle = draw.Digit();
    char last = draw.Digit();
    if (middle == '1' && last == '1') last = '2';  // x11 are services
    const std::string number{tens, middle, last, '5',          '5',
                             '5',  '0',    '1',  draw.Digit(), draw.Digit()};
    return WithDigits(spelled, digits.substr(0, kept) + number);
  }
  if (abroad) kept += CountryCodeLength(behind);
  kept = std::min(kept, digits.size());
  while (kept < digits.size() && digits[kept] == '0') ++kept;
  const size_t rest = digits.size() - kept;
  const std::string drawn = Digits(draw, rest > 5 ? rest - 5 : 0);
  return WithDigits(spelled,
                    digits.substr(0, kept) + (std::string("55501") + drawn).substr(0, rest));
}

std::string_view TestPrefix(std::string_view digits) {
  if (digits.size() == 15) return "378282";
  if (digits[0] == '4') return "411111";
  if (digits[0] == '6' && digits.size() >= 16) return "601111";
  if (digits.starts_with("35")) return "353011";
  if (digits[0] == '3') return "305693";
  return digits.size() == 16 ? "555555" : "500000";
}

std::string Card(Draw& draw, std::string_view spelled, std::string_view digits) {
  std::string number(TestPrefix(digits));
  while (number.size() + 1 < digits.size()) number += draw.Digit();
  number += LuhnDigit(number);
  return WithDigits(spelled, number);
}

std::string Iban(Draw& draw, std::string_view spelled, const std::string& identity) {
  std::string iban = identity.substr(0, 2) + "00";
  for (size_t i = 4; i < identity.size(); ++i) {
    const char c = identity[i];
    iban += i >= 8 ? draw.Like(c) : IsDigit(c) ? '0' : 'X';
  }
  const int check = 98 - IbanRemainder(iban);
  iban[2] = static_cast<char>('0' + check / 10);
  iban[3] = static_cast<char>('0' + check % 10);
  std::string out(spelled);
  size_t next = 0;
  for (char& c : out) {
    if (!IsAlnum(c)) continue;
    const char drawn = iban[next++];
    c = IsLower(c) ? ToLower(drawn) : drawn;
  }
  return out;
}

std::string Ipv6(Draw& draw) {
  std::string out = "2001:db8";
  for (int i = 0; i < 6; ++i) out += fmt::format(":{:x}", draw.Below(65535) + 1);
  return out;
}

// How much of a secret tells only what kind it is.
size_t SecretPrefix(std::string_view spelled) {
  if (spelled.starts_with("eyJ")) return 3;
  if (spelled.starts_with("AKIA") || spelled.starts_with("ASIA") || spelled.starts_with("AIza")) {
    return 4;
  }
  for (const std::string_view known : {"sk-ant-", "sk-proj-", "github_pat_", "sk_live_", "sk_test_",
                                       "rk_live_", "rk_test_", "dop_v1_"}) {
    if (spelled.starts_with(known)) return known.size();
  }
  const size_t end = spelled.find_first_of("_-.");
  for (const std::string_view known :
       {"sk-",    "ghp_",   "gho_",  "ghu_",  "ghs_",  "ghr_",  "us_",   "hf_",
        "npm_",   "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "ya29.",
        "shpat_", "SG.",    "gsk_",  "pplx-", "r8_",   "tvly-", "whsec_"}) {
    if (spelled.substr(0, end + 1) == known) return known.size();
  }
  return spelled.find_first_not_of(" \r\n\t");  // PEM: the line break behind its head
}

std::string Secret(Draw& draw, std::string_view spelled) {
  constexpr std::string_view kMark = "EXAMPLE";
  const size_t prefix = SecretPrefix(spelled);
  std::string out(spelled);
  for (size_t i = prefix; i < out.size(); ++i) {
    out[i] = i < prefix + kMark.size() ? kMark[i - prefix] : draw.Like(out[i]);
  }
  return out;
}

}  // namespace

MaskKey::MaskKey(std::string_view secret)
    : bytes_(Sha256Hex(fmt::format("understudy mask {}", secret)).substr(0, 32)) {}

std::string MaskKey::Fingerprint() const {
  return KeyedHash(bytes_, "fingerprint").substr(0, 16);
}

std::string Substitute(const Entity& entity, std::string_view spelled, const MaskKey& key) {
  Draw draw(entity, key);
  switch (entity.kind) {
    case EntityKind::kEmail: return Email(draw);
    case EntityKind::kPhone: return Phone(draw, spelled);
    case EntityKind::kCard: return Card(draw, spelled, entity.identity);
    case EntityKind::kIban: return Iban(draw, spelled, entity.identity);
    case EntityKind::kIpv4:
      return fmt::format("198.{}.{}.{}", 18 + draw.Below(2), draw.Below(256), 1 + draw.Below(254));
    case EntityKind::kIpv6: return Ipv6(draw);
    case EntityKind::kSsn: {
      std::string digits = "000" + Digits(draw, 6);
      if (digits.substr(3, 2) == "00") digits[4] = '1';
      if (digits.substr(5) == "0000") digits[8] = '1';
      return WithDigits(spelled, digits);
    }
    case EntityKind::kSecret: return Secret(draw, spelled);
  }
  return std::string(spelled);
}

}  // namespace understudy
