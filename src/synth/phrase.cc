#include "synth/phrase.h"

#include <fmt/format.h>

namespace understudy {
namespace {

// Index just behind the ']' that closes the '[' before `at`; alternatives' starts and ends go to
// `ranges`.
struct Range {
  size_t begin;
  size_t end;
};

size_t FindAlternatives(std::string_view phrase, size_t at, std::vector<Range>& ranges) {
  int depth = 0;
  size_t begin = at;
  for (; at < phrase.size(); ++at) {
    const char c = phrase[at];
    if (c == '[') ++depth;
    if (c == '|' && depth == 0) {
      ranges.push_back({begin, at});
      begin = at + 1;
    }
    if (c == ']' && depth-- == 0) break;
  }
  ranges.push_back({begin, at});
  return at + 1;
}

std::string_view FillOf(std::initializer_list<Fill> fills, std::string_view name) {
  for (const auto& [key, text] : fills) {
    if (key == name) return text;
  }
  return {};
}

void SayTo(std::string& out, Rng& rng, std::string_view phrase, std::initializer_list<Fill> fills) {
  for (size_t at = 0; at < phrase.size();) {
    const char c = phrase[at];
    if (c == '[') {
      std::vector<Range> ranges;
      at = FindAlternatives(phrase, at + 1, ranges);
      const Range range = rng.Pick(ranges);
      SayTo(out, rng, phrase.substr(range.begin, range.end - range.begin), fills);
    } else if (c == '{') {
      const size_t end = std::min(phrase.find('}', at), phrase.size());
      out += FillOf(fills, phrase.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      const size_t end = std::min(phrase.find_first_of("[{", at), phrase.size());
      out += phrase.substr(at, end - at);
      at = end;
    }
  }
}

char UpperOf(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char LowerOf(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::vector<std::string> LowerWords(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '_') {
      if (!words.back().empty()) words.emplace_back();
    } else if (c != '\'') {
      words.back() += LowerOf(c);
    }
  }
  if (words.back().empty() && words.size() > 1) words.pop_back();
  return words;
}

void Dump(std::string& out, const json::value& value);

void DumpObject(std::string& out, const json::object& object) {
  out += '{';
  bool first = true;
  for (const auto& member : object) {
    if (!first) out += ", ";
    first = false;
    AppendJsonString(out, member.key());
    out += ": ";
    Dump(out, member.value());
  }
  out += '}';
}

void DumpArray(std::string& out, const json::array& array) {
  out += '[';
  for (size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ", ";
    Dump(out, array[i]);
  }
  out += ']';
}

void Dump(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::object: return DumpObject(out, value.get_object());
    case json::kind::array: return DumpArray(out, value.get_array());
    case json::kind::string: return AppendJsonString(out, value.get_string());
    case json::kind::double_: out += fmt::format("{}", value.get_double()); return;
    default: out += json::serialize(value);
  }
}

}  // namespace

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

WordList::WordList(std::string_view text, char separator) : words_(Split(text, separator)) {
  std::erase_if(words_, [](std::string_view word) { return word.empty(); });
}

void WordList::Add(const WordList& more) {
  words_.insert(words_.end(), more.words_.begin(), more.words_.end());
  std::ranges::sort(words_);
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
}

std::vector<std::string> WordList::PickSome(Rng& rng, size_t count) const {
  std::vector<std::string> picked;
  if (count * 3 > words_.size()) {
    picked.assign(words_.begin(), words_.end());
    rng.Shuffle(picked);
    if (picked.size() > count) picked.resize(count);
    return picked;
  }
  while (picked.size() < count) {
    const std::string_view word = Pick(rng);
    if (std::ranges::find(picked, word) == picked.end()) picked.emplace_back(word);
  }
  return picked;
}

std::string Say(Rng& rng, std::string_view phrase, std::initializer_list<Fill> fills) {
  std::string out;
  SayTo(out, rng, phrase, fills);
  return out;
}

std::string Named(Naming naming, std::string_view words) {
  std::vector<std::string> parts = LowerWords(words);
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool capital = naming == Naming::kPascal || naming == Naming::kTitle ||
                         (naming == Naming::kCamel && i > 0);
    if (capital) parts[i] = Capital(parts[i]);
    if (naming == Naming::kScreaming) parts[i] = Upper(parts[i]);
  }
  switch (naming) {
    case Naming::kSnake:
    case Naming::kScreaming: return Joined(parts, "_");
    case Naming::kKebab: return Joined(parts, "-");
    case Naming::kWords:
    case Naming::kTitle: return Joined(parts, " ");
    default: return Joined(parts, "");
  }
}

Naming CodeNaming(Rng& rng) {
  constexpr Naming kCode[] = {Naming::kSnake, Naming::kSnake,  Naming::kSnake, Naming::kCamel,
                              Naming::kCamel, Naming::kPascal, Naming::kPascal};
  if (rng.Chance(0.1)) return rng.Chance(0.5) ? Naming::kKebab : Naming::kFlat;
  return rng.Pick(kCode);
}

Naming LabelNaming(Rng& rng) {
  return static_cast<Naming>(rng.Below(kNamings));
}

std::string Capital(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out[0] = UpperOf(out[0]);
  return out;
}

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = UpperOf(c);
  return out;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = LowerOf(c);
  return out;
}

std::string WithArticle(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeioAEIO").contains(noun[0]);
  return std::string(vowel ? "an " : "a ").append(noun);
}

std::string Listed(const std::vector<std::string>& items, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? last : ", ";
    out += items[i];
  }
  return out;
}

std::string Joined(const std::vector<std::string>& items, std::string_view between) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += between;
    out += items[i];
  }
  return out;
}

std::string DumpJson(const json::value& value) {
  std::string out;
  Dump(out, value);
  return out;
}

}  // namespace understudy
