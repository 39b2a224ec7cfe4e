#include "synth/values.h"

#include <fmt/format.h>

#include "synth/vocabulary.h"

namespace understudy {
namespace {

struct KindRow {
  std::string_view name;
  ValueKind kind;
  std::string_view noun;
};

constexpr KindRow kKinds[] = {
    {"text", ValueKind::kText, "name"},
    {"word", ValueKind::kWord, "name"},
    {"person", ValueKind::kPerson, "person"},
    {"city", ValueKind::kCity, "city"},
    {"place", ValueKind::kPlace, "place"},
    {"street", ValueKind::kStreet, "address"},
    {"country", ValueKind::kCountry, "country"},
    {"date", ValueKind::kDate, "date"},
    {"time", ValueKind::kTime, "time"},
    {"duration", ValueKind::kDuration, "duration"},
    {"code", ValueKind::kCode, "identifier"},
    {"email", ValueKind::kEmail, "e-mail address"},
    {"phone", ValueKind::kPhone, "phone number"},
    {"url", ValueKind::kUrl, "web address"},
    {"file", ValueKind::kFile, "file"},
    {"colour", ValueKind::kColour, "colour"},
    {"language", ValueKind::kLanguage, "language"},
    {"month", ValueKind::kMonth, "month"},
    {"weekday", ValueKind::kWeekday, "weekday"},
    {"int", ValueKind::kInteger, "number"},
    {"number", ValueKind::kNumber, "value"},
    {"amount", ValueKind::kAmount, "amount"},
    {"sentence", ValueKind::kSentence, "text"},
    {"bool", ValueKind::kBoolean, "switch"},
    {"enum", ValueKind::kEnum, "choice"},
};

std::string Person(Rng& rng) {
  const std::string first(FirstNames().Pick(rng));
  if (rng.Chance(0.25)) return first;
  const std::string last =
      rng.Chance(0.15) ? Capital(PseudoWord(rng)) : std::string(LastNames().Pick(rng));
  return rng.Chance(0.08) ? fmt::format("Dr. {}", last) : first + " " + last;
}

std::string Place(Rng& rng) {
  static const WordList endings(
      "Cafe Grill House Inn Lodge Hall Centre Garden Bistro Kitchen Corner Gallery Works Arena "
      "Club Plaza "
      "Bakery Tavern Studio Clinic Market Pavilion Terrace Depot Library");
  const std::string first =
      rng.Chance(0.4) ? Capital(PseudoWord(rng))
                      : Capital(rng.Chance(0.5) ? Colours().Pick(rng) : Adjectives().Pick(rng));
  if (rng.Chance(0.3)) return fmt::format("The {} {}", first, Capital(CommonNouns().Pick(rng)));
  const std::string middle = rng.Chance(0.5) ? Capital(CommonNouns().Pick(rng)) + " " : "";
  return fmt::format("{} {}{}", first, middle, endings.Pick(rng));
}

std::string Street(Rng& rng) {
  static const WordList kinds("Street Road Lane Avenue Drive Court Way Close Square");
  const std::string name =
      rng.Chance(0.2) ? Capital(PseudoWord(rng)) : std::string(StreetNames().Pick(rng));
  return fmt::format("{} {} {}", rng.Between(1, 299), name, kinds.Pick(rng));
}

std::string Ordinal(int64_t day) {
  const int64_t last = day % 10;
  const bool teen = day / 10 == 1;
  return fmt::format("{}{}", day,
                     teen        ? "th"
                     : last == 1 ? "st"
                     : last == 2 ? "nd"
                     : last == 3 ? "rd"
                                 : "th");
}

std::string Date(Rng& rng) {
  const int64_t day = rng.Between(1, 28);
  const std::string_view month = Months().Pick(rng);
  const int64_t year = rng.Between(2019, 2031);
  switch (rng.Below(11)) {
    case 0: return fmt::format("{} {}", day, month);
    case 1: return fmt::format("{} {}", month, day);
    case 2:
    case 3: return fmt::format("{}-{:02}-{:02}", year, rng.Between(1, 12), day);
    case 4: return fmt::format("{:02}/{:02}/{}", day, rng.Between(1, 12), year);
    case 5: return fmt::format("{} {}", month, Ordinal(day));
    case 6: return fmt::format("next {}", Weekdays().Pick(rng));
    case 7: return fmt::format("{} {}, {}", month, day, year);
    case 8: return rng.Chance(0.6) ? "tomorrow" : "today";
    case 9: return fmt::format("this {}", Weekdays().Pick(rng));
    default: return fmt::format("{}.{}.{}", day, rng.Between(1, 12), year);
  }
}

std::string Time(Rng& rng) {
  constexpr int kMinutes[] = {0, 5, 10, 15, 20, 30, 40, 45, 50};
  const int minute = rng.Pick(kMinutes);
  const int64_t hour = rng.Between(1, 12);
  const std::string_view half = rng.Chance(0.5) ? "am" : "pm";
  switch (rng.Below(7)) {
    case 0: return fmt::format("{} {}", hour, half);
    case 1: return fmt::format("{}{}", hour, half);
    case 2: return fmt::format("{}:{:02} {}", hour, minute, half);
    case 3:
    case 4: return fmt::format("{:02}:{:02}", rng.Between(0, 23), minute);
    case 5: return rng.Chance(0.5) ? "noon" : "midnight";
    default: return fmt::format("{}:{:02}{}", hour, minute, half);
  }
}

std::string Email(Rng& rng) {
  static const WordList tops("com org net io example co.uk de fr shop dev");
  static const WordList marks(". _ - .");
  const std::string user = Lower(FirstNames().words()[rng.Below(150)]);
  const std::string_view mark = marks.Pick(rng);
  const std::string tail = rng.Chance(0.4) ? std::to_string(rng.Between(1, 99)) : PseudoWord(rng);
  const std::string host = rng.Chance(0.6) ? PseudoWord(rng) : std::string(CommonNouns().Pick(rng));
  return fmt::format("{}{}{}@{}.{}", user, mark, tail, host, tops.Pick(rng));
}

std::string Phone(Rng& rng) {
  const int64_t a = rng.Between(200, 999);
  const int64_t b = rng.Between(100, 999);
  const int64_t c = rng.Between(0, 9999);
  switch (rng.Below(4)) {
    case 0: return fmt::format("{}-{}-{:04}", a, b, c);
    case 1: return fmt::format("+{} {} {:04}", rng.Between(1, 99), b, c);
    case 2: return fmt::format("({}) {}-{:04}", a, b, c);
    default: return fmt::format("0{} {}{:04}", a, b, c);
  }
}

std::string FileName(Rng& rng) {
  static const WordList endings("pdf txt csv docx md json png jpg xlsx zip log py html mp3 sql");
  const std::string first = AnyWord(rng);
  const std::string second = rng.Chance(0.5) ? std::to_string(rng.Between(1, 2030)) : AnyWord(rng);
  return fmt::format("{}{}{}.{}", first, rng.Chance(0.6) ? "_" : "-", second, endings.Pick(rng));
}

std::string Url(Rng& rng) {
  static const WordList tops("com org net io dev");
  const std::string host = PseudoWord(rng);
  const std::string path = AnyWord(rng);
  return fmt::format("https://{}.{}/{}", host, tops.Pick(rng), path);
}

std::string Title(Rng& rng) {
  std::string out;
  const int64_t words = rng.Between(1, 4);
  for (int64_t i = 0; i < words; ++i) {
    if (i > 0) out += ' ';
    out += AnyWord(rng);
  }
  if (rng.Chance(0.6)) return Named(Naming::kTitle, out);
  return rng.Chance(0.5) ? Capital(out) : out;
}

std::string Word(Rng& rng) {
  const std::string word = rng.Chance(0.5) ? PseudoWord(rng) : AnyWord(rng);
  return rng.Chance(0.4) ? Capital(word) : word;
}

std::string Sentence(Rng& rng) {
  const std::string noun(CommonNouns().Pick(rng));
  const std::string other(CommonNouns().Pick(rng));
  const std::string adjective(Adjectives().Pick(rng));
  const std::string verb(CommonVerbs().Pick(rng));
  return Say(
      rng,
      "[{v} the {a} {n}|the {n} is {a}|remember to {v} the {n}|{v} {n} and {o}|bring the {a} {n} "
      "and the {o}|no {n} in the {a} {o}|the {n} needs a new {o}|ask about the {a} {n} first]",
      {{"n", noun}, {"o", other}, {"a", adjective}, {"v", verb}});
}

std::string Duration(Rng& rng) {
  static const WordList units("minutes hours days weeks months");
  return fmt::format("{} {}", rng.Between(2, 48), units.Pick(rng));
}

// Decimals that are no whole number, so that text and JSON agree.
double Decimal(Rng& rng, int64_t high) {
  const int64_t whole = rng.Between(0, high);
  constexpr int kHundredths[] = {5, 10, 20, 25, 30, 40, 50, 60, 75, 80, 90, 95, 99};
  return static_cast<double>(whole * 100 + rng.Pick(kHundredths)) / 100;
}

}  // namespace

std::string Code(Rng& rng) {
  std::string letters;
  const int64_t count = rng.Between(1, 4);
  for (int64_t i = 0; i < count; ++i) letters += static_cast<char>('A' + rng.Below(26));
  switch (rng.Below(6)) {
    case 0: return fmt::format("{}-{}", letters, rng.Between(100, 99999));
    case 1: return fmt::format("{}{}", letters, rng.Between(10, 9999));
    case 2: return fmt::format("{:x}{:04x}", rng.Between(16, 65535), rng.Between(0, 65535));
    case 3: return fmt::format("#{}", rng.Between(1000, 999999));
    case 4: return fmt::format("{}_{}", Lower(letters), rng.Between(1, 999));
    default: return fmt::format("{}{}{}", rng.Between(1, 9), letters, rng.Between(1000, 9999));
  }
}

std::string Company(Rng& rng) {
  static const WordList endings(
      "Ltd Group Partners Labs Logistics Foods Systems Motors & Sons GmbH Inc");
  const std::string first = Capital(rng.Chance(0.6) ? PseudoWord(rng) : AnyWord(rng));
  const std::string_view ending = endings.Pick(rng);
  return fmt::format("{} {}", first, ending == "&" ? "& Sons" : ending);
}

Value MakeNormalValue(Rng& rng, ValueKind kind) {
  if (kind == ValueKind::kDate) {
    const int64_t day = rng.Between(1, 28);
    const size_t month = rng.Below(12);
    const std::string year = std::to_string(rng.Between(2019, 2031));
    const std::string number = std::to_string(day);
    const std::string said =
        Say(rng, "[{m} {d}, {y}|{d} {m} {y}|the {o} of {m} {y}|{m} {o}, {y}|{m} {d} {y}]",
            {{"m", Months().words()[month]}, {"d", number}, {"o", Ordinal(day)}, {"y", year}});
    return {json::value(fmt::format("{}-{:02}-{:02}", year, month + 1, day)), said};
  }
  constexpr int kMinutes[] = {0, 0, 10, 15, 20, 30, 40, 45};
  const int minute = rng.Pick(kMinutes);
  const int64_t hour = rng.Between(1, 12);
  const bool evening = rng.Chance(0.5);
  const std::string shown =
      minute == 0 && rng.Chance(0.7) ? std::to_string(hour) : fmt::format("{}:{:02}", hour, minute);
  const std::string said =
      Say(rng, evening ? "{t}[ pm|pm| p.m.| PM]" : "{t}[ am|am| a.m.| AM]", {{"t", shown}});
  return {json::value(fmt::format("{:02}:{:02}", hour % 12 + (evening ? 12 : 0), minute)), said};
}

std::string MakeText(Rng& rng, ValueKind kind) {
  switch (kind) {
    case ValueKind::kPerson: return Person(rng);
    case ValueKind::kCity:
      return rng.Chance(0.12) ? Capital(PseudoWord(rng)) : std::string(Cities().Pick(rng));
    case ValueKind::kPlace: return Place(rng);
    case ValueKind::kStreet: return Street(rng);
    case ValueKind::kCountry: return std::string(Countries().Pick(rng));
    case ValueKind::kDate: return Date(rng);
    case ValueKind::kTime: return Time(rng);
    case ValueKind::kDuration: return Duration(rng);
    case ValueKind::kCode: return Code(rng);
    case ValueKind::kEmail: return Email(rng);
    case ValueKind::kPhone: return Phone(rng);
    case ValueKind::kUrl: return Url(rng);
    case ValueKind::kFile: return FileName(rng);
    case ValueKind::kColour: return std::string(Colours().Pick(rng));
    case ValueKind::kLanguage: return std::string(Languages().Pick(rng));
    case ValueKind::kMonth: return std::string(Months().Pick(rng));
    case ValueKind::kWeekday: return std::string(Weekdays().Pick(rng));
    case ValueKind::kSentence: return Sentence(rng);
    case ValueKind::kWord: return Word(rng);
    default: return Title(rng);
  }
}

Value MakeValue(Rng& rng, ValueKind kind, int low, int high) {
  if (kind == ValueKind::kInteger) {
    const int64_t number = rng.Between(low, high);
    return {number, std::to_string(number)};
  }
  if (kind == ValueKind::kNumber || kind == ValueKind::kAmount) {
    const double number = Decimal(rng, rng.Chance(0.5) ? 40 : 900);
    const std::string digits = fmt::format("{}", number);
    if (kind == ValueKind::kNumber) return {number, digits};
    return {number, Say(rng, "[${n}|{n} euros|{n} dollars|€{n}|£{n}]", {{"n", digits}})};
  }
  std::string text = MakeText(rng, kind);
  return {json::value(text), text};
}

std::optional<ValueKind> ValueKindOf(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

bool IsText(ValueKind kind) {
  return kind < ValueKind::kInteger || kind == ValueKind::kSentence;
}

std::string_view Noun(ValueKind kind) {
  return kKinds[static_cast<size_t>(kind)].noun;
}

}  // namespace understudy
