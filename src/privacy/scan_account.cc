// Payment cards, IBANs and US social security numbers.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "privacy/scan.h"

namespace understudy {
namespace {

bool IsCardCue(std::string_view word, bool) {
  constexpr std::array<std::string_view, 10> kWords{
      "card", "cards", "credit", "debit", "visa", "mastercard", "amex", "maestro", "payment", "cc"};
  return std::ranges::find(kWords, word) != kWords.end() || word.ends_with("card") ||
         word.starts_with("cardnumber") || word.starts_with("creditcard");
}

int Leading(std::string_view digits, size_t count) {
  int number = 0;
  for (const char c : digits.substr(0, count)) number = number * 10 + (c - '0');
  return number;
}

bool Within(int number, int least, int most) {
  return number >= least && number <= most;
}

// Issuers whose prefix and length go together (ISO/IEC 7812 issuer ranges as published).
bool HasIssuer(std::string_view digits) {
  const size_t size = digits.size();
  const int two = Leading(digits, 2), three = Leading(digits, 3), four = Leading(digits, 4);
  if (digits[0] == '4') return size == 13 || size == 16 || size == 19;     // Visa
  if (Within(two, 51, 55) || Within(four, 2221, 2720)) return size == 16;  // Mastercard
  if (two == 34 || two == 37) return size == 15;                           // Amex
  if (Within(three, 300, 305) || two == 36 || two == 38 || two == 39) return size == 14;  // Diners
  if (four == 6011 || two == 65 || Within(three, 644, 649)) return size >= 16;  // Discover
  if (Within(four, 3528, 3589)) return size >= 16;                              // JCB
  if (four == 2131 || four == 1800) return size == 15;                          // JCB
  return two == 62 && size >= 16;                                               // UnionPay
}

// Published test numbers, and what we put in the place of cards.
bool IsTestCard(std::string_view digits) {
  constexpr std::array<std::string_view, 8> kPrefixes{"411111", "424242", "555555", "378282",
                                                      "601111", "353011", "305693", "500000"};
  return std::ranges::any_of(kPrefixes,
                             [&](std::string_view prefix) { return digits.starts_with(prefix); });
}

// End of a card's digits: one run, or groups of four (the last may be shorter), or 4-6-4 and 4-6-5,
// with the same separator. 0 where there are none.
size_t CardEnd(std::string_view text, size_t begin) {
  std::array<size_t, 5> groups{};
  size_t count = 0, at = begin;
  const auto run = [&] {
    const size_t from = at;
    while (IsDigit(At(text, at)) && at - from < 20) ++at;
    return at - from;
  };
  groups[count++] = run();
  const char separator = At(text, at);
  if (separator != ' ' && separator != '-') return Within(groups[0], 12, 19) ? at : 0;
  if (groups[0] != 4) return Within(groups[0], 12, 19) ? at : 0;
  size_t end = at;
  while (count < groups.size() && At(text, at) == separator && IsDigit(At(text, at + 1))) {
    ++at;
    groups[count++] = run();
    end = at;
  }
  const bool fours = count >= 4 && groups[1] == 4 && groups[2] == 4 && groups[3] <= 4 &&
                     (count == 4 || (groups[3] == 4 && groups[4] <= 3));
  const bool amex = count == 3 && groups[1] == 6 && (groups[2] == 4 || groups[2] == 5);
  return fours || amex ? end : 0;
}

struct IbanCountry {
  std::string_view code;
  size_t length;
};
// The IBAN registry (SWIFT, ISO 13616-1): lengths with country code and check digits.
constexpr IbanCountry kIbanCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

size_t IbanLength(std::string_view country) {
  const auto* found = std::ranges::find(kIbanCountries, country, &IbanCountry::code);
  return found == std::end(kIbanCountries) ? 0 : found->length;
}

}  // namespace

Found ScanCard(const ScanText& in, size_t digit) {
  if (!NumberMayBegin(in.text, digit) || At(in.text, digit - 1) == '+') return std::nullopt;
  const size_t end = CardEnd(in.text, digit);
  if (end == 0 || !NumberMayEnd(in.text, end)) return std::nullopt;
  std::string digits = DigitsOf(in.text.substr(digit, end - digit));
  if (digits.size() < 12 || digits.size() > 19 || !PassesLuhn(digits)) return std::nullopt;
  if (digits.find_first_not_of(digits[0]) == std::string::npos) return std::nullopt;
  const bool test = IsTestCard(digits), known = in.known && in.known->numbers.contains(digits);
  if (!test && !known && !HasIssuer(digits) && !HasCue(in, digit, IsCardCue)) return std::nullopt;
  return Entity{EntityKind::kCard, digit, end, std::move(digits), test};
}

Found ScanSsn(const ScanText& in, size_t digit) {
  const std::string_view text = in.text;
  if (!NumberMayBegin(text, digit) || text.size() - digit < 11) return std::nullopt;
  for (size_t i = 0; i < 11; ++i) {
    const bool dash = i == 3 || i == 6;
    if (dash ? text[digit + i] != '-' : !IsDigit(text[digit + i])) return std::nullopt;
  }
  if (!NumberMayEnd(text, digit + 11)) return std::nullopt;
  // Never given out: area 000 and 666, 900 and above, group 00, serial 0000. We use area 000.
  const std::string_view area = text.substr(digit, 3), group = text.substr(digit + 4, 2);
  if (area == "666" || area[0] == '9' || group == "00" || text.substr(digit + 7, 4) == "0000") {
    return std::nullopt;
  }
  return Entity{EntityKind::kSsn, digit, digit + 11, DigitsOf(text.substr(digit, 11)),
                area == "000"};
}

Found ScanIban(const ScanText& in, size_t letter) {
  const std::string_view text = in.text;
  if (!WordMayBegin(text, letter)) return std::nullopt;
  if (!IsLetter(At(text, letter + 1)) || !IsDigit(At(text, letter + 2)) ||
      !IsDigit(At(text, letter + 3))) {
    return std::nullopt;
  }
  const bool lower = IsLower(text[letter]);
  std::string iban;
  for (size_t i = 0; i < 2; ++i) {
    if (IsLower(text[letter + i]) != lower) return std::nullopt;
    iban += lower ? static_cast<char>(text[letter + i] - 32) : text[letter + i];
  }
  const size_t length = IbanLength(iban);
  size_t at = letter + 2;
  while (iban.size() < length) {
    char c = At(text, at);
    if (c == ' ' && iban.size() % 4 == 0) c = At(text, ++at);
    if (!IsAlnum(c)) return std::nullopt;
    iban += IsLower(c) ? static_cast<char>(c - 32) : c;
    ++at;
  }
  if (length == 0 || IsAlnum(At(text, at)) || IbanRemainder(iban) != 1) return std::nullopt;
  const bool fictitious = iban.find_first_not_of("0X", 4) >= 8;
  return Entity{EntityKind::kIban, letter, at, std::move(iban), fictitious};
}

}  // namespace understudy
