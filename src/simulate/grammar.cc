#include "simulate/grammar.h"

namespace understudy {
namespace {

constexpr int64_t kMatchSteps = 500'000;    // a tenth of a second at worst
constexpr int64_t kRecognizingSteps = 100;  // what asking a recognizer counts

// Where the alternatives begin and end, for `at` just behind their '['; `at` goes behind the ']'.
std::vector<std::string_view> Alternatives(std::string_view phrase, size_t& at) {
  std::vector<std::string_view> found;
  size_t begin = at;
  for (int depth = 0; at < phrase.size(); ++at) {
    const char c = phrase[at];
    if (c == '[') ++depth;
    const bool ends = c == ']' && depth == 0;
    if (ends || (c == '|' && depth == 0)) {
      found.push_back(phrase.substr(begin, at - begin));
      begin = at + 1;
    }
    if (ends) break;
    if (c == ']') --depth;
  }
  ++at;
  return found;
}

// Every text of `left` followed by every one of `right`.
std::vector<std::string> Product(const std::vector<std::string>& left,
                                 const std::vector<std::string>& right) {
  std::vector<std::string> all;
  all.reserve(left.size() * right.size());
  for (const std::string& a : left) {
    for (const std::string& b : right) all.push_back(a + b);
  }
  return all;
}

// One step through a reading: words, or a {name}. `at` goes behind it.
struct ReadingPiece {
  bool is_name;
  std::string_view text;
};
ReadingPiece PieceAt(std::string_view reading, size_t& at) {
  const bool is_name = reading[at] == '{';
  const size_t begin = is_name ? at + 1 : at;
  const size_t end = std::min(reading.find(is_name ? '}' : '{', begin), reading.size());
  at = is_name ? end + 1 : end;
  return {is_name, reading.substr(begin, end - begin)};
}

bool Match(std::string_view reading, size_t at, std::string_view text, Recognizer recognizer,
           Details& details, int64_t& steps) {
  if (--steps < 0) return false;
  if (at >= reading.size()) return text.empty();
  const auto [is_name, words] = PieceAt(reading, at);
  if (!is_name) {
    return text.starts_with(words) &&
           Match(reading, at, text.substr(words.size()), recognizer, details, steps);
  }
  const size_t limit = std::min(text.find('\n'), text.size());
  for (size_t size = 1; size <= limit && steps >= 0; ++size) {
    if (at >= reading.size()) size = text.size();  // the last detail takes all that is left
    if (size > limit) break;
    if (!Match(reading, at, text.substr(size), recognizer, details, steps)) continue;
    steps -= recognizer ? kRecognizingSteps : 0;
    if (recognizer && !recognizer(words, text.substr(0, size))) continue;
    details.insert_or_assign(std::string(words), std::string(text.substr(0, size)));
    return true;
  }
  return false;
}

}  // namespace

std::string_view Name(Half half) {
  return half == Half::kFirst ? "first" : "second";
}

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return SplitMix64(hash);
}

Half HalfOf(std::string_view text) {
  return HashOf(text) & 1 ? Half::kSecond : Half::kFirst;
}

std::vector<std::string> ReadingsOf(std::string_view phrase) {
  std::vector<std::string> readings{""};
  for (size_t at = 0; at < phrase.size();) {
    std::vector<std::string> next;
    if (phrase[at] == '[') {
      for (const std::string_view alternative : Alternatives(phrase, ++at)) {
        auto more = ReadingsOf(alternative);
        next.insert(next.end(), more.begin(), more.end());
      }
    } else {
      const size_t end = std::min(phrase.find('[', at), phrase.size());
      next.emplace_back(phrase.substr(at, end - at));
      at = end;
    }
    readings = Product(readings, next);
  }
  return readings;
}

std::vector<std::string_view> NamesIn(std::string_view reading) {
  std::vector<std::string_view> names;
  for (size_t at = 0; at < reading.size();) {
    const auto [is_name, text] = PieceAt(reading, at);
    if (is_name) names.push_back(text);
  }
  return names;
}

std::string FillIn(std::string_view reading, const Details& details) {
  std::string out;
  for (size_t at = 0; at < reading.size();) {
    const auto [is_name, text] = PieceAt(reading, at);
    if (!is_name) {
      out += text;
    } else if (const auto found = details.find(text); found != details.end()) {
      out += found->second;
    }
  }
  return out;
}

std::optional<Details> MatchReading(std::string_view reading, std::string_view text,
                                    Recognizer recognizer, int64_t& steps) {
  Details details;
  if (!Match(reading, 0, text, recognizer, details, steps)) return std::nullopt;
  return details;
}

PhraseBook::PhraseBook(std::span<const std::string_view> phrases) {
  for (const std::string_view phrase : phrases) {
    std::vector<std::string> halves[2];
    const bool kept = HashOf(phrase) % 4 == 0;
    for (std::string& reading : ReadingsOf(phrase)) {
      const Half half = kept ? Half::kSecond : HalfOf(reading);
      longest_.emplace_back(FillIn(reading, {}).size(), reading);
      halves[static_cast<size_t>(half)].push_back(std::move(reading));
    }
    for (size_t half = 0; half < 2; ++half) {
      if (!halves[half].empty()) phrases_[half].push_back(std::move(halves[half]));
    }
  }
  std::ranges::sort(longest_, std::ranges::greater());
}

const std::string& PhraseBook::Pick(Rng& rng, Half half) const {
  return rng.Pick(rng.Pick(phrases_[static_cast<size_t>(half)]));
}

std::optional<PhraseBook::Found> PhraseBook::Match(std::string_view text,
                                                   Recognizer recognizer) const {
  int64_t steps = kMatchSteps;
  for (const auto& [own_bytes, reading] : longest_) {
    if (auto details = MatchReading(reading, text, recognizer, steps)) {
      return Found{*std::move(details), own_bytes};
    }
  }
  return std::nullopt;
}

std::vector<std::string> PhraseBook::Readings(Half half) const {
  std::vector<std::string> all;
  for (const auto& readings : phrases_[static_cast<size_t>(half)]) {
    all.insert(all.end(), readings.begin(), readings.end());
  }
  return all;
}

}  // namespace understudy
