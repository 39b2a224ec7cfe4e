// What the scanners share: boundaries, words that give a number away, checksums.
#include <algorithm>
#include <array>

#include "privacy/scan.h"

namespace understudy {

std::string LowerAscii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ToLower);
  return out;
}

std::string DigitsOf(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), IsDigit);
  return out;
}

bool NumberMayBegin(std::string_view text, size_t at) {
  if (at == 0 || IsBehindEscape(text, at)) return true;
  const char before = text[at - 1];
  if (IsAlnum(before) || before == '_' || before == '@') return false;
  // "A-123", "1.23", "orders/123", "x+1": part of something longer.
  const bool joins = before == '-' || before == '.' || before == '/' || before == '+';
  return !joins || at < 2 || !(IsAlnum(text[at - 2]) || text[at - 2] == '_');
}

bool NumberMayEnd(std::string_view text, size_t end) {
  const char after = At(text, end), next = At(text, end + 1);
  if (IsAlnum(after) || after == '_' || after == '@') return false;
  if (after == '-' || after == '/') return !IsDigit(next);
  if (after == ':') return !IsHex(next);
  return (after != '.' && after != ',') || !IsDigit(next);
}

bool HasCue(const ScanText& in, size_t at, bool (*is_cue)(std::string_view, bool)) {
  constexpr size_t kReach = 32;
  size_t from = at;
  while (from > 0 && at - from < kReach && !IsDigit(in.text[from - 1])) --from;
  std::string word;
  const auto ends_cue = [&](bool in_key) {
    const bool cue = !word.empty() && is_cue(word, in_key);
    word.clear();
    return cue;
  };
  for (size_t i = from; i < at; ++i) {
    if (IsLetter(in.text[i])) {
      word += ToLower(in.text[i]);
    } else if (ends_cue(false)) {
      return true;
    }
  }
  if (ends_cue(false)) return true;
  if (from > 0) return false;
  for (const char c : in.key.substr(0, 64)) {
    if (IsLetter(c)) {
      word += ToLower(c);
    } else if (ends_cue(true)) {
      return true;
    }
  }
  return ends_cue(true);
}

bool PassesLuhn(std::string_view digits) {
  return !digits.empty() && LuhnDigit(digits.substr(0, digits.size() - 1)) == digits.back();
}

char LuhnDigit(std::string_view digits_before) {
  int sum = 0;
  bool twice = true;  // the digit before the check digit counts twice
  for (size_t i = digits_before.size(); i-- > 0; twice = !twice) {
    const int digit = digits_before[i] - '0';
    sum += twice ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

int IbanRemainder(std::string_view iban) {
  int remainder = 0;
  for (size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];  // country and check digits come last
    remainder =
        IsDigit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
  }
  return remainder;
}

std::string PhoneIdentity(std::string_view spelled) {
  const bool plus = spelled.starts_with('+');
  std::string digits = DigitsOf(spelled);
  if (!plus && digits.starts_with("00")) digits.erase(0, 2);
  const bool with_one = digits.size() == 11 && digits[0] == '1';
  if (with_one) return digits.substr(1);
  if (!plus && digits.size() == 10 && digits[0] >= '2') return digits;
  if (digits.size() <= 9) {
    const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    return digits.substr(zeros);
  }
  return digits.substr(digits.size() - 9);
}

size_t CountryCodeLength(std::string_view digits) {
  if (digits.starts_with('1') || digits.starts_with('7')) return 1;
  constexpr std::string_view kTwo =
      "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 "
      "64 65 66 81 82 84 86 90 91 92 93 94 95 98";
  return kTwo.find(digits.substr(0, 2)) % 3 == 0 ? 2 : 3;
}

}  // namespace understudy
