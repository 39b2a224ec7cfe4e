// The pieces that generated texts are made of: word lists, phrases with alternatives, and the
// conventions by which words become names.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "synth/rng.h"

namespace understudy {

// The parts of `text` between separators; views into it. Empty parts are kept.
std::vector<std::string_view> Split(std::string_view text, char separator);

// A vocabulary written as one literal: "one two three" or, with '|', "one word|two words". The
// literal must outlive the list.
class WordList {
 public:
  explicit WordList(std::string_view text, char separator = ' ');
  void Add(const WordList& more);  // but what is there already
  template <class Unwanted>
  void RemoveIf(Unwanted unwanted) {
    std::erase_if(words_, unwanted);
  }
  std::string_view Pick(Rng& rng) const { return rng.Pick(words_); }
  // `count` different words, or all of them in random order when there are fewer.
  std::vector<std::string> PickSome(Rng& rng, size_t count) const;
  const std::vector<std::string_view>& words() const { return words_; }

 private:
  std::vector<std::string_view> words_;
};

using Fill = std::pair<std::string_view, std::string_view>;  // name in braces, its text

// One reading of a phrase: [a|b|] is one of its alternatives (which may nest, and be empty), {name}
// is the text given for that name; a name that is not given yields nothing. Filled-in texts are
// taken as they are.
//   Say(rng, "[Could|Can] you find {what}[, please|]?", {{"what", "a room"}})
std::string Say(Rng& rng, std::string_view phrase, std::initializer_list<Fill> fills = {});

// How words become a name.
enum class Naming : uint8_t {
  kSnake,      // departure_city
  kCamel,      // departureCity
  kPascal,     // DepartureCity
  kKebab,      // departure-city
  kFlat,       // departurecity
  kScreaming,  // DEPARTURE_CITY
  kWords,      // departure city
  kTitle,      // Departure City
};
inline constexpr size_t kNamings = 8;
// `words` are separated by spaces, hyphens or apostrophes.
std::string Named(Naming naming, std::string_view words);
Naming CodeNaming(
    Rng& rng);  // for tools and parameters: the first three mostly, at times the next two
Naming LabelNaming(Rng& rng);  // any

std::string Capital(std::string_view text);  // first letter in upper case (ASCII)
std::string Upper(std::string_view text);    // ASCII letters only
std::string Lower(std::string_view text);
std::string WithArticle(std::string_view noun);  // "a room", "an order"
// "a", "a and b", "a, b and c"
std::string Listed(const std::vector<std::string>& items, std::string_view last = " and ");
std::string Joined(const std::vector<std::string>& items, std::string_view between);

// JSON as most tools print it: ", " and ": " between, UTF-8 unescaped, doubles in their shortest
// decimal form.
std::string DumpJson(const json::value& value);

}  // namespace understudy
