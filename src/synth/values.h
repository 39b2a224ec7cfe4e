// Values of slots: what stands in the JSON, and how people say it. Strings are said exactly as they
// stand in the JSON, so that an answer is learned by copying.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "synth/phrase.h"

namespace understudy {

enum class ValueKind : uint8_t {
  kText,  // a rare title of one to four words
  kWord,  // one word, often invented
  kPerson,
  kCity,
  kPlace,  // a venue: "Blue Heron Cafe"
  kStreet,
  kCountry,
  kDate,
  kTime,
  kDuration,  // "45 minutes"
  kCode,      // an id: "QX-20417"
  kEmail,
  kPhone,
  kUrl,
  kFile,
  kColour,
  kLanguage,
  kMonth,
  kWeekday,
  kInteger,   // in the slot's range
  kNumber,    // with decimals
  kAmount,    // a number, said with its currency: "$45.5"
  kSentence,  // a short remark of three to eight words
  kBoolean,   // said by the slot's own phrases
  kEnum,      // one of the slot's options
};

struct Value {
  json::value data;
  std::string said;
};

// `low`..`high` bound kInteger. kBoolean and kEnum are made by their slot (synth/slots.h).
Value MakeValue(Rng& rng, ValueKind kind, int low = 2, int high = 40);
// A date said with its year, in JSON as 2025-03-09; or (kTime) a time of day, in JSON as 19:30.
Value MakeNormalValue(Rng& rng, ValueKind kind);
std::string MakeText(Rng& rng, ValueKind kind);  // for the kinds that are strings

// The kind of a name in the domain tables ("city", "date"); nullopt for an unknown one.
std::optional<ValueKind> ValueKindOf(std::string_view name);
bool IsText(ValueKind kind);
std::string_view Noun(ValueKind kind);  // "city", "date", for descriptions

// A made-up company and a made-up product name.
std::string Company(Rng& rng);
// Letters and digits, as in order numbers.
std::string Code(Rng& rng);

}  // namespace understudy
