// Structured personal data: what is looked for, and where in a text it stands.
//
// What a form alone can tell: e-mail addresses, phone numbers, payment cards, IBANs, IP addresses,
// US social security numbers, keys and other secrets. Names, places and dates are not: they take a
// model of language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace understudy {

enum class EntityKind : uint8_t { kEmail, kPhone, kCard, kIban, kIpv4, kIpv6, kSsn, kSecret };
inline constexpr size_t kEntityKindCount = 8;
std::string_view Name(EntityKind kind);  // "email"

struct Entity {
  EntityKind kind = EntityKind::kEmail;
  size_t begin = 0, end = 0;  // bytes of the text
  // The same for every spelling of the same entity: lower case, without separators.
  std::string identity;
  // It cannot be anybody's: a substitute of ours, or a value reserved for documentation. It stays.
  bool fictitious = false;
};

// What else in the same exchange is known to be personal, so that a number which its own
// surroundings do not give away is found where it is repeated: a tool call's argument, say.
struct Known {
  std::unordered_set<std::string> numbers;  // identities of phones and cards
  std::unordered_set<std::string> secrets;  // whole tokens
};

struct Findings {
  std::vector<Entity> entities;     // in order, disjoint
  std::vector<std::string> loose;   // identities that unrecognised numbers would have as phones
  std::vector<std::string> tokens;  // secrets that only the word before them gave away
};

// Finds what the text tells. `key` is the name of the JSON member whose value the text is; it
// counts as the words before the text ("phone_number", "api_key"). `is_number`: the text is a JSON
// number.
//
// Conservative where forms are ambiguous:
//   email   local@domain.tld
//   phone   +CC and 8 to 15 digits; US forms with two separators or parentheses; anything else of 7
//           to 15 digits only behind a word such as "phone", "mobile", "fax", "call"
//   card    13 to 19 digits that pass Luhn (ISO/IEC 7812) under a known issuer's prefix; behind a
//           word such as "card" also 12 digits or any prefix
//   iban    the country's length (ISO 13616 registry), and mod 97 is 1
//   ip      dotted quads; IPv6 of eight groups, or compressed in a range that is in use
//   ssn     ddd-dd-dddd in the ranges that are given out
//   secret  known prefixes (sk-, ghp_, AKIA, ...), JSON web tokens, private keys in PEM; behind a
//           word such as "token" or "password" also 16 characters or more that look random
// Linear in the text's length whatever it holds: every look ahead or back is bounded.
Findings FindEntities(std::string_view text, std::string_view key = {}, bool is_number = false,
                      const Known* known = nullptr);

}  // namespace understudy
