// The scanners behind FindEntities (privacy/entity.h). Each is asked at one place of a text and
// answers with the entity that begins there, or none. Look-ahead and look-back are bounded by
// constants, so that a whole pass is linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "privacy/entity.h"

namespace understudy {

struct ScanText {
  std::string_view text;
  std::string_view key;  // of the JSON member
  bool is_number = false;
  const Known* known = nullptr;
  size_t done = 0;  // what lies before it belongs to an earlier entity
};

using Found = std::optional<Entity>;

Found ScanEmail(const ScanText& in, size_t at);           // at the '@'
Found ScanIpv4(const ScanText& in, size_t digit);         // at a digit
Found ScanIpv6(const ScanText& in, size_t hex);           // at a hexadecimal digit
Found ScanCard(const ScanText& in, size_t digit);         // at a digit
Found ScanSsn(const ScanText& in, size_t digit);          // at a digit
Found ScanIban(const ScanText& in, size_t letter);        // at a letter
Found ScanPrefixSecret(const ScanText& in, size_t word);  // at a letter: sk-..., eyJ...
Found ScanPem(const ScanText& in, size_t dash);           // at "-----BEGIN"
// At a letter: a word such as "password" and, behind it, what it names.
Found ScanNamedSecret(const ScanText& in, size_t word);
Found ScanKeyedSecret(const ScanText& in);  // the whole text, named by its JSON key
// At a digit, '+' or '('. Adds to `loose` what might be a number but nothing says so.
Found ScanPhone(const ScanText& in, size_t at, std::vector<std::string>* loose);

// Characters. Bytes above 0x7f are no part of a word: scripts without blanks put numbers beside
// them.
inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
inline bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
inline bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool IsLetter(char c) {
  return IsUpper(c) || IsLower(c);
}
inline bool IsAlnum(char c) {
  return IsDigit(c) || IsLetter(c);
}
inline bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
inline char ToLower(char c) {
  return IsUpper(c) ? static_cast<char>(c + 32) : c;
}
std::string LowerAscii(std::string_view text);
std::string DigitsOf(std::string_view text);

// The byte at `at`, or 0 outside of the text.
inline char At(std::string_view text, size_t at) {
  return at < text.size() ? text[at] : '\0';
}

// "\\n", "\\r" and "\\t" as two bytes, where JSON stands inside of other text: a word begins
// behind.
inline bool IsBehindEscape(std::string_view text, size_t at) {
  if (at < 2 || text[at - 2] != '\\') return false;
  const char c = text[at - 1];
  return c == 'n' || c == 'r' || c == 't';
}
inline bool WordMayBegin(std::string_view text, size_t at) {
  if (at == 0 || IsBehindEscape(text, at)) return true;
  return !IsAlnum(text[at - 1]) && text[at - 1] != '_';
}

// Whether a number may begin or end here: not inside a word, a decimal, or a longer identifier.
bool NumberMayBegin(std::string_view text, size_t at);
bool NumberMayEnd(std::string_view text, size_t end);

// Whether one of the words in the 32 bytes before `at` (as far back as there is no digit), or the
// JSON key where the text begins there, is one that `is_cue` knows. Words are letters, lower case.
bool HasCue(const ScanText& in, size_t at, bool (*is_cue)(std::string_view word, bool in_key));

// Luhn's check (ISO/IEC 7812-1, annex B), and the digit that makes it hold.
bool PassesLuhn(std::string_view digits);
char LuhnDigit(std::string_view digits_before);
// ISO 7064 MOD 97-10 of an IBAN without blanks, upper case.
int IbanRemainder(std::string_view iban);
// What two spellings of a phone number have in common: ten digits in North America, else the last
// nine, so that +CC and the trunk zero do not matter.
std::string PhoneIdentity(std::string_view spelled);
// How many of the digits of an international number are its country's code (ITU-T E.164).
size_t CountryCodeLength(std::string_view digits);

}  // namespace understudy
