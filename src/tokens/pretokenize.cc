#include "tokens/pretokenize.h"

#include <utf8proc.h>

#include "tokens/code_points.h"

namespace understudy {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Char {
  CharClass kind = CharClass::kOther;
  uint32_t code = 0;
  size_t next = 0;  // where the following one begins
  bool is_end = false;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The alternatives of the expression, in its order.
  size_t WordEnd(size_t begin) const {
    const Char first = At(begin);
    if (const size_t end = Contraction(begin)) return end;
    if (IsLetter(first)) return Letters(first.next);
    const bool may_lead = first.kind != CharClass::kLineBreak && first.kind != CharClass::kNumber;
    if (may_lead && IsLetter(At(first.next))) return Letters(first.next);
    if (first.kind == CharClass::kNumber) return first.next;
    if (IsSymbol(first)) return Symbols(first.next);
    if (first.code == ' ' && IsSymbol(At(first.next))) return Symbols(first.next);
    return Space(begin);
  }

 private:
  Char At(size_t at) const {
    const CodePoint point = DecodeAt(text_, at);
    if (point.bytes == 0) return {.next = at, .is_end = true};
    return {ClassOf(point.code), point.code, at + point.bytes, false};
  }
  static bool IsLetter(const Char& c) { return !c.is_end && c.kind == CharClass::kLetter; }
  static bool IsSymbol(const Char& c) { return !c.is_end && c.kind == CharClass::kOther; }
  static bool IsSpace(const Char& c) {
    return !c.is_end && (c.kind == CharClass::kSpace || c.kind == CharClass::kLineBreak);
  }

  // 's 't 'm 'd 're 've 'll, else 0.
  size_t Contraction(size_t begin) const {
    if (text_[begin] != '\'') return 0;
    const auto lower = [&](size_t i) {
      return begin + i < text_.size() ? static_cast<char>(text_[begin + i] | 0x20) : '\0';
    };
    const char a = lower(1), b = lower(2);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return begin + 2;
    if ((a == 'r' || a == 'v') && b == 'e') return begin + 3;
    return a == 'l' && b == 'l' ? begin + 3 : 0;
  }

  size_t Letters(size_t at) const {
    for (Char c = At(at); IsLetter(c); c = At(at)) at = c.next;
    return at;
  }

  // Symbols, and the line breaks that follow them.
  size_t Symbols(size_t at) const {
    for (Char c = At(at); IsSymbol(c); c = At(at)) at = c.next;
    while (at < text_.size() && (text_[at] == '\r' || text_[at] == '\n')) ++at;
    return at;
  }

  // Up to the last line break of the run of white space; without one all of it at the text's end,
  // else all but its last character, which leads the next word.
  size_t Space(size_t begin) const {
    size_t end = begin, last = begin, after_break = 0;
    for (Char c = At(end); IsSpace(c); c = At(end)) {
      last = end;
      end = c.next;
      if (c.kind == CharClass::kLineBreak) after_break = end;
    }
    if (after_break > 0) return after_break;
    return end == text_.size() || last == begin ? end : last;
  }

  std::string_view text_;
};

// Bytes of the well-formed character at the text's start; 0 when there is none.
size_t ValidBytes(std::string_view text) {
  utf8proc_int32_t code = 0;
  const auto got = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                    static_cast<utf8proc_ssize_t>(text.size()), &code);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

}  // namespace

size_t WordEnd(std::string_view text, size_t begin) {
  return Scanner(text).WordEnd(begin);
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = static_cast<signed char>(text[0]) >= 0 ? 1 : ValidBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string WithValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = ValidBytes(text);
    valid += bytes > 0 ? text.substr(0, bytes) : kReplacement;
    text.remove_prefix(bytes > 0 ? bytes : 1);
  }
  return valid;
}

}  // namespace understudy
