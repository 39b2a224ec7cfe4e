// Phone numbers.
#include <algorithm>
#include <array>

#include "privacy/scan.h"

namespace understudy {
namespace {

constexpr size_t kMostDigits = 15;  // ITU-T E.164
constexpr size_t kMostBytes = 32;

bool IsPhoneCue(std::string_view word, bool in_key) {
  for (const std::string_view beginning :
       {"phone", "telephone", "mobile", "cellphone", "fax", "whatsapp"}) {
    if (word.starts_with(beginning)) return true;
  }
  if (word.ends_with("phone") || word == "tel" || word == "cell") return true;
  return !in_key && (word == "call" || word == "dial");
}

// A number as it is spelled: digits in groups.
struct Spelled {
  size_t end = 0;
  size_t digits = 0;
  bool parentheses = false;
  std::string separators;  // one character a gap, the first of it
  std::vector<size_t> groups;
};

bool IsSeparator(char c) {
  return c == ' ' || c == '-' || c == '.' || c == '/';
}

// Reads on through the gap behind a group of digits: one separator, or parentheses with blanks
// around them. 0 where no digit follows.
size_t GapEnd(std::string_view text, size_t at, bool* parenthesis) {
  size_t i = at;
  for (const size_t from = at; i < from + 3 && i < text.size(); ++i) {
    if (IsDigit(text[i])) return i;
    if (text[i] == '(' || text[i] == ')') {
      *parenthesis = true;
    } else if (!IsSeparator(text[i]) || (i > at && text[i] != ' ' && text[i - 1] != ')')) {
      return 0;
    }
  }
  return IsDigit(At(text, i)) ? i : 0;
}

// The longest spelling of at most kMostDigits that begins at `begin`, behind '+' or '(' if any.
Spelled ReadSpelled(std::string_view text, size_t begin) {
  Spelled number;
  size_t at = begin;
  if (At(text, at) == '+') ++at;
  if (At(text, at) == '(') number.parentheses = true, ++at;
  while (at < text.size()) {
    const size_t from = at;
    while (IsDigit(At(text, at)) && at - from <= kMostDigits) ++at;
    if (number.digits + (at - from) > kMostDigits || at - begin > kMostBytes) break;
    number.digits += at - from;
    number.groups.push_back(at - from);
    number.end = at;
    bool parenthesis = false;
    const size_t next = GapEnd(text, at, &parenthesis);
    if (next == 0) break;
    number.separators += text[at];
    number.parentheses |= parenthesis;
    at = next;
  }
  number.separators.resize(number.groups.empty() ? 0 : number.groups.size() - 1);
  return number;
}

// "2019-03-01 11", "01.03.2019", "1 000 000", "10.5".
bool LooksLikeDateOrAmount(std::string_view text, size_t begin, const Spelled& number) {
  if (number.groups.size() < 2 || !IsDigit(text[begin])) return false;
  const std::string digits = DigitsOf(text.substr(begin, number.end - begin));
  const auto& groups = number.groups;
  const auto two = [&](size_t at) { return (digits[at] - '0') * 10 + (digits[at + 1] - '0'); };
  if (groups.size() >= 3 && groups[0] == 4 && groups[1] == 2 && groups[2] == 2) {
    if (two(4) <= 12 && two(6) <= 31) return true;
  }
  if (groups.size() == 3 && groups[0] == 2 && groups[1] == 2 && groups[2] == 4) {
    if (two(0) <= 31 && two(2) <= 31) return true;
  }
  return groups[0] < 2 || digits.ends_with("000000") ||
         (groups.back() == 3 && digits.ends_with("000"));
}

// (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd, each also behind 1, +1 or 001. The area begins with
// 2 to 9 (North American Numbering Plan). With blanks alone it needs a word that says so.
bool IsAmerican(std::string_view text, size_t begin, const Spelled& number, bool* sure) {
  const auto& groups = number.groups;
  const bool prefix = groups.size() == 4 && groups[0] <= 3;
  const size_t first = prefix ? 1 : 0;
  if (groups.size() != first + 3 || groups[first] != 3 || groups[first + 1] != 3 ||
      groups[first + 2] != 4) {
    return false;
  }
  const std::string digits = DigitsOf(text.substr(begin, number.end - begin));
  const std::string_view lead = std::string_view(digits).substr(0, prefix ? groups[0] : 0);
  if (!lead.empty() && lead != "1" && lead != "001") return false;
  if (digits[lead.size()] < '2') return false;
  *sure = number.parentheses || number.separators.back() != ' ';
  return true;
}

// +CC ..., or 00CC with blanks in it.
bool IsInternational(std::string_view text, size_t begin, const Spelled& number) {
  if (At(text, begin) != '+') return false;
  const std::string digits = DigitsOf(text.substr(begin, number.end - begin));
  if (digits[0] == '0') return false;
  if (digits[0] == '1') return digits.size() == 11;
  return digits.size() >= (number.groups.size() > 1 ? 8 : 9);
}

bool IsFictitious(std::string_view spelled) {
  const bool plus = spelled.starts_with('+');
  std::string digits = DigitsOf(spelled);
  std::string_view rest = digits;
  if (!plus && rest.starts_with("00")) rest.remove_prefix(2);
  const bool abroad = plus || rest.size() != digits.size();
  if (rest.size() == 11 && rest[0] == '1') return rest.substr(4, 5) == "55501";
  if (rest.size() == 10 && !abroad && rest[0] >= '2' && rest.substr(3, 5) == "55501") return true;
  if (abroad) rest.remove_prefix(std::min(CountryCodeLength(rest), rest.size()));
  while (rest.starts_with('0')) rest.remove_prefix(1);
  return rest.starts_with("55501");
}

Entity Phone(const ScanText& in, size_t begin, size_t end) {
  const std::string_view spelled = in.text.substr(begin, end - begin);
  return {EntityKind::kPhone, begin, end, PhoneIdentity(spelled), IsFictitious(spelled)};
}

// "x123" behind a number belongs to it, but names a desk, not a person: it stays.
bool PhoneMayEnd(std::string_view text, size_t end) {
  if (At(text, end) == 'x' && IsDigit(At(text, end + 1))) return true;
  return NumberMayEnd(text, end);
}

bool Says(const ScanText& in, size_t at, const Spelled& number) {
  if (number.digits < 7 || LooksLikeDateOrAmount(in.text, at, number)) return false;
  return HasCue(in, at, IsPhoneCue);
}

bool IsKnown(const ScanText& in, const std::string& identity) {
  return in.known && in.known->numbers.contains(identity);
}

// A run or a spelling that nothing gives away but its being a phone number elsewhere.
Found ByRepetition(const ScanText& in, size_t at, size_t end, std::vector<std::string>* loose) {
  if (!PhoneMayEnd(in.text, end)) return std::nullopt;
  std::string identity = PhoneIdentity(in.text.substr(at, end - at));
  if (identity.size() < 7) return std::nullopt;
  if (IsKnown(in, identity)) return Phone(in, at, end);
  loose->push_back(std::move(identity));
  return std::nullopt;
}

}  // namespace

Found ScanPhone(const ScanText& in, size_t at, std::vector<std::string>* loose) {
  const std::string_view text = in.text;
  if (!NumberMayBegin(text, at)) return std::nullopt;
  const Spelled number = ReadSpelled(text, at);
  if (number.digits < 7) return std::nullopt;
  if (PhoneMayEnd(text, number.end)) {
    bool sure = false;
    const bool american = IsAmerican(text, at, number, &sure);
    if ((american && sure) || IsInternational(text, at, number) || Says(in, at, number)) {
      return Phone(in, at, number.end);
    }
  }
  if (Found found = ByRepetition(in, at, number.end, loose)) return found;
  const size_t run_end = at + number.groups[0];
  const bool one_run = !IsDigit(text[at]) || number.end == run_end;
  return one_run ? std::nullopt : ByRepetition(in, at, run_end, loose);
}

}  // namespace understudy
