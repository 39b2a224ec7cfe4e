// copy: drills of copying and of simple transformations, over words, names, codes and odd
// characters.
#include <fmt/format.h>

#include "synth/draft.h"
#include "synth/families.h"
#include "synth/values.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

void AppendUtf8(std::string& out, uint32_t point) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | (point >> 6));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

// Any code point but surrogates; plain ones are likelier.
uint32_t AnyCodePoint(Rng& rng) {
  const double kind = rng.Unit();
  if (kind < 0.6) return static_cast<uint32_t>(rng.Between(0x21, 0x7e));
  if (kind < 0.8) return static_cast<uint32_t>(rng.Between(0xa1, 0x17f));
  if (kind < 0.9) return static_cast<uint32_t>(rng.Between(0x180, 0x7ff));
  if (kind < 0.95) return static_cast<uint32_t>(rng.Between(0x2010, 0x27bf));
  if (kind < 0.97) return static_cast<uint32_t>(rng.Between(0x1f300, 0x1f9ff));
  const auto point = static_cast<uint32_t>(rng.Between(0x800, 0x10ffff));
  return point >= 0xd800 && point < 0xe000 ? 0xe9 : point;
}

std::string Noise(Rng& rng, int64_t length) {
  std::string out;
  const bool spaced = rng.Chance(0.4);
  for (int64_t i = 0; i < length; ++i) {
    if (spaced && i > 0 && rng.Chance(0.15)) out += ' ';
    AppendUtf8(out, AnyCodePoint(rng));
  }
  return out;
}

std::string Recased(Rng& rng, std::string word) {
  switch (rng.Below(5)) {
    case 0: return Upper(word);
    case 1: return Capital(word);
    case 2: return word + std::to_string(rng.Below(1000));
    default: return word;
  }
}

std::string Item(Rng& rng) {
  constexpr ValueKind kKinds[] = {ValueKind::kWord, ValueKind::kCode, ValueKind::kPerson,
                                  ValueKind::kCity, ValueKind::kFile, ValueKind::kEmail,
                                  ValueKind::kText, ValueKind::kDate};
  if (rng.Chance(0.5)) return Recased(rng, AnyWord(rng));
  if (rng.Chance(0.2)) return Noise(rng, rng.Between(2, 8));
  return MakeText(rng, rng.Pick(kKinds));
}

std::vector<std::string> Words(Rng& rng, int64_t count, bool plain) {
  std::vector<std::string> words;
  while (static_cast<int64_t>(words.size()) < count) {
    std::string word = plain ? AnyWord(rng) : Recased(rng, AnyWord(rng));
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  return words;
}

void Put(Rng& rng, Draft& draft, std::string_view rule, std::string_view text,
         std::string_view answer) {
  switch (rng.Below(4)) {
    case 0:
      draft.System(rule);
      draft.User(text);
      break;
    case 1: draft.User(fmt::format("{}\n\n{}", text, rule)); break;
    case 2: draft.User(fmt::format("{}: {}", rule, text)); break;
    default: draft.User(fmt::format("{}\n{}", rule, text));
  }
  draft.Assistant(answer);
}

void Repeat(Rng& rng, Draft& draft) {
  std::string text;
  switch (rng.Below(4)) {
    case 0: text = Noise(rng, rng.Between(4, 40)); break;
    case 1: text = Joined(Words(rng, rng.Between(2, 14), false), " "); break;
    case 2: text = MakeText(rng, ValueKind::kSentence) + " " + Item(rng); break;
    default: {
      std::vector<std::string> items;
      for (int64_t i = rng.Between(1, 6); i > 0; --i) items.push_back(Item(rng));
      text = Joined(items, rng.Chance(0.5) ? ", " : "\n");
    }
  }
  Put(rng, draft,
      Say(rng,
          "[Repeat[ this|] exactly|Copy the text|Say it again|Echo|Write the same once more|Return "
          "the input unchanged|Type this out, letter by letter the same]"),
      text, text);
}

void Order(Rng& rng, Draft& draft) {
  std::vector<std::string> words = Words(rng, rng.Between(2, 8), true);
  const std::string between = rng.Chance(0.5) ? " " : ", ";
  const std::string text = Joined(words, between);
  if (rng.Chance(0.5)) {
    std::ranges::reverse(words);
    return Put(rng, draft,
               Say(rng,
                   "[Reverse the order of the words|Words in reverse order|Back to front, word by "
                   "word|Last word first]"),
               text, Joined(words, between));
  }
  if (words.size() > 6) words.resize(6);
  const std::string shown = Joined(words, between);
  std::ranges::sort(words);
  Put(rng, draft,
      Say(rng,
          "[Sort the words from a to z|Alphabetical order|Sort alphabetically|Put these in order "
          "of the alphabet]"),
      shown, Joined(words, between));
}

void Case(Rng& rng, Draft& draft) {
  const std::string text = Joined(Words(rng, rng.Between(1, 8), false), " ");
  switch (rng.Below(4)) {
    case 0:
      return Put(rng, draft,
                 Say(rng, "[Upper case|Write in capitals|All capital letters, please|SHOUT it]"),
                 text, Upper(text));
    case 1:
      return Put(rng, draft, Say(rng, "[Lower case|No capitals|All small letters]"), text,
                 Lower(text));
    case 2: {
      const Naming naming = rng.Chance(0.5) ? Naming::kSnake : Naming::kPascal;
      return Put(rng, draft,
                 Say(rng, naming == Naming::kSnake
                              ? "[snake_case name|Join by underscores, lower case]"
                              : "[PascalCase name|Join without spaces, each word capitalised]"),
                 Lower(text), Named(naming, Lower(text)));
    }
    default:
      return Put(rng, draft, Say(rng, "[Put it in quotes|Wrap in double quotes|Quote this]"), text,
                 "\"" + text + "\"");
  }
}

void Nth(Rng& rng, Draft& draft) {
  constexpr std::string_view kOrdinals[] = {"first", "second", "third",   "fourth",
                                            "fifth", "sixth",  "seventh", "eighth"};
  const std::vector<std::string> words = Words(rng, rng.Between(2, 8), false);
  const size_t n = rng.Below(words.size());
  const bool lines = rng.Chance(0.3);
  const std::string_view unit = lines ? "line" : "word";
  const std::string_view ordinal = n + 1 == words.size() && rng.Chance(0.5) ? "last" : kOrdinals[n];
  Put(rng, draft,
      Say(rng,
          "[What is the {n} {u}?|Give me the {n} {u}|Only the {n} {u}|Copy the {n} {u}|{n} {u}]",
          {{"n", ordinal}, {"u", unit}}),
      Joined(words, lines ? "\n" : " "), words[n]);
}

void Containing(Rng& rng, Draft& draft) {
  std::vector<std::string> lines;
  std::vector<std::string> marks = Words(rng, rng.Between(2, 6), false);
  for (const std::string& mark : marks) {
    lines.push_back(
        Say(rng,
            "[The {a} {n} goes with {m}.|{m} has no {n}.|Near the {n}: {m}, {a}.|We saw {m} and a "
            "{a} {n}.|Ask {m} about the {n}.]",
            {{"m", "\x01"}, {"a", Adjectives().Pick(rng)}, {"n", CommonNouns().Pick(rng)}}));
    lines.back().replace(lines.back().find('\x01'), 1,
                         Upper(mark) + "-" + std::to_string(lines.size()));
  }
  const size_t n = rng.Below(lines.size());
  const std::string mark = Upper(marks[n]) + "-" + std::to_string(n + 1);
  Put(rng, draft,
      Say(rng,
          "[Quote the sentence with {m}|Which sentence contains {m}?|Copy the line about {m}|Find "
          "{m} and give the whole sentence]",
          {{"m", mark}}),
      Joined(lines, rng.Chance(0.5) ? " " : "\n"), lines[n]);
}

void Lookup(Rng& rng, Draft& draft) {
  const std::vector<std::string> keys = Words(rng, rng.Between(2, 14), false);
  std::vector<std::string> values;
  for (size_t i = 0; i < keys.size(); ++i) values.push_back(Item(rng));
  const bool as_json = rng.Chance(0.3);
  const std::string_view mark = rng.Chance(0.5) ? ": " : rng.Chance(0.5) ? " = " : " -> ";
  json::object object;
  std::vector<std::string> lines;
  for (size_t i = 0; i < keys.size(); ++i) {
    object[keys[i]] = values[i];
    lines.push_back(fmt::format("{}{}{}", keys[i], mark, values[i]));
  }
  const size_t n = rng.Below(keys.size());
  Put(rng, draft,
      Say(rng,
          "[What is the value of {k}?|Look up {k}|{k}?|Give the entry for {k}|Find {k}, answer "
          "with its value]",
          {{"k", keys[n]}}),
      as_json ? DumpJson(object) : Joined(lines, rng.Chance(0.8) ? "\n" : "; "), values[n]);
}

void Count(Rng& rng, Draft& draft) {
  const std::vector<std::string> words = Words(rng, rng.Between(1, 9), false);
  if (rng.Chance(0.5))
    return Put(rng, draft, Say(rng, "[How many words?|Count the words|Number of words]"),
               Joined(words, " "), std::to_string(words.size()));
  Put(rng, draft, Say(rng, "[How many items?|Count the entries|Number of lines]"),
      Joined(words, "\n"), std::to_string(words.size()));
}

void Replace(Rng& rng, Draft& draft) {
  std::vector<std::string> words = Words(rng, rng.Between(3, 10), true);
  const std::string text = Joined(words, " ");
  const size_t n = rng.Below(words.size());
  const std::string old = words[n];
  if (rng.Chance(0.4)) {
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(n));
    return Put(
        rng, draft,
        Say(rng, "[Remove the word \"{o}\"|Leave out {o}|Delete {o}, keep the rest]", {{"o", old}}),
        text, Joined(words, " "));
  }
  const std::string fresh = Item(rng);
  words[n] = fresh;
  Put(rng, draft,
      Say(rng,
          "[Replace \"{o}\" by \"{f}\"|Put \"{f}\" where \"{o}\" stands|Change the word {o} to "
          "{f}]",
          {{"o", old}, {"f", fresh}}),
      text, Joined(words, " "));
}

void Spell(Rng& rng, Draft& draft) {
  const std::string word = AnyWord(rng);
  std::vector<std::string> letters;
  for (const char c : word) letters.emplace_back(1, c);
  if (rng.Chance(0.5))
    return Put(rng, draft,
               Say(rng, "[Spell it|Letter by letter, with hyphens|Spell the word with hyphens]"),
               word, Joined(letters, "-"));
  Put(rng, draft, Say(rng, "[Join the letters|Which word is this?|Write as one word]"),
      Joined(letters, rng.Chance(0.5) ? "-" : " "), word);
}

void Normalise(Rng& rng, Draft& draft) {
  const bool date = rng.Chance(0.5);
  const Value value = MakeNormalValue(rng, date ? ValueKind::kDate : ValueKind::kTime);
  const std::string rule =
      Say(rng, date ? "[Write the date as YYYY-MM-DD|ISO date|Date in the form YYYY-MM-DD]"
                    : "[Write the time as HH:MM, 24 hours|24-hour clock|Time in the form HH:MM]");
  Put(rng, draft, rule, value.said, std::string(value.data.as_string()));
}

}  // namespace

void MakeCopy(Rng& rng, SyntheticExample& example) {
  using Drill = void (*)(Rng&, Draft&);
  constexpr Drill kDrills[] = {Repeat, Repeat, Repeat, Order, Case,    Nth,       Containing,
                               Lookup, Lookup, Lookup, Count, Replace, Normalise, Spell};
  Draft draft(example);
  rng.Pick(kDrills)(rng, draft);
}

void MakeRepeat(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  Repeat(rng, draft);
}

}  // namespace understudy
