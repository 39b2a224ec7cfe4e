// The small grammar of the simulated office: one literal stands for many sentences, and a sentence
// is read back into what was said in it. Syntax: [a|b|] is one of its alternatives (they may nest,
// and be empty), {name} is a detail.
//
//   "[Please book|Book] the {subject} with {who}."  has the readings
//   "Please book the {subject} with {who}."  and  "Book the {subject} with {who}."
//
// Everything belongs to one of two halves of the traffic, by hash, so that what is learned on the
// first one can be tried on phrasings and values of the second one that were never seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/rng.h"

namespace understudy {

enum class Half : uint8_t { kFirst, kSecond };
std::string_view Name(Half half);  // "first"

// Stable for ever: recorded traffic relies on it.
uint64_t HashOf(std::string_view text);
Half HalfOf(std::string_view text);

// What was said: the name of a detail and its words.
using Details = std::map<std::string, std::string, std::less<>>;

// Every reading of a phrase: alternatives chosen, details left as {name}.
std::vector<std::string> ReadingsOf(std::string_view phrase);
// The names in a reading, in order.
std::vector<std::string_view> NamesIn(std::string_view reading);
// A name that is not given yields nothing.
std::string FillIn(std::string_view reading, const Details& details);
// Whether `text` can be the detail `name`.
using Recognizer = bool (*)(std::string_view name, std::string_view text);
// The shortest details, from the left, that make `text` of the reading and are recognized (null:
// all are). A detail has at least one byte and holds no line break; of a name that stands twice the
// first one counts. nullopt where nothing fits or the search takes over `steps`, which it counts
// down.
std::optional<Details> MatchReading(std::string_view reading, std::string_view text,
                                    Recognizer recognizer, int64_t& steps);

// The readings of several phrases, those of each half apart. About a quarter of the phrases is
// kept whole for the second half, the readings of the others are divided by hash.
class PhraseBook {
 public:
  explicit PhraseBook(std::span<const std::string_view> phrases);

  // Phrases are equally likely, and so are the readings of one.
  const std::string& Pick(Rng& rng, Half half) const;
  struct Found {
    Details details;
    size_t own_bytes = 0;  // of the reading, without the details
  };
  // The reading that fits and has the most words of its own; bounded work for any text.
  std::optional<Found> Match(std::string_view text, Recognizer recognizer) const;
  std::vector<std::string> Readings(Half half) const;

 private:
  std::vector<std::vector<std::string>> phrases_[2];     // of each half: readings by phrase
  std::vector<std::pair<size_t, std::string>> longest_;  // all, the most own bytes first
};

}  // namespace understudy
