#include "synth/generator.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "synth/families.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr Family kFamilies[] = {
    {"tool_call", 0.34, MakeToolCall}, {"label", 0.18, MakeLabel},
    {"extract", 0.18, MakeExtract},    {"sql", 0.05, MakeSql},
    {"write", 0.08, MakeWrite},        {"math", 0.05, MakeMath},
    {"copy", 0.12, MakeCopy},          {"repeat", 0, MakeRepeat},
};

constexpr int kRedraws = 32;

std::vector<double> Cumulative(const std::vector<double>& weights) {
  std::vector<double> sums;
  double sum = 0;
  for (size_t i = 0; i < std::size(kFamilies); ++i) {
    const double weight = weights.empty()      ? kFamilies[i].weight
                          : i < weights.size() ? weights[i]
                                               : 0;
    if (std::isfinite(weight) && weight > 0) sum += weight;
    sums.push_back(sum);
  }
  return sum > 0 ? sums : Cumulative({});
}

// What remains when no draft was short enough: a few words to repeat.
void MakeShortest(Rng& rng, SyntheticExample& example) {
  const std::string word = fmt::format("{:x}", rng.Next() & 0xffffff);
  example.messages = {json::object{{"role", "user"}, {"content", "Repeat: " + word}},
                      json::object{{"role", "assistant"}, {"content", word}}};
}

Error BadWeights(std::string message) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.name);
  return InvalidInput(std::move(message))
      .At("family weights")
      .Mend("Write FAMILY=WEIGHT,...; the families are " + Listed(names) + ".");
}

size_t TextSize(const json::value& message) {
  size_t size = StringOr(message, "content").size();
  if (const json::value* calls = Find(message, "tool_calls"); calls && calls->is_array()) {
    for (const json::value& call : calls->get_array()) {
      const json::value* function = Find(call, "function");
      if (function)
        size += StringOr(*function, "name").size() + StringOr(*function, "arguments").size();
    }
  }
  return size;
}

}  // namespace

std::span<const Family> Families() {
  return kFamilies;
}

Result<std::vector<double>> ParseFamilyWeights(std::string_view text) {
  std::vector<double> weights(std::size(kFamilies), 0);
  for (const std::string_view part : Split(text, ',')) {
    const size_t equal = part.find('=');
    const std::string_view name = part.substr(0, equal);
    const auto* family = std::ranges::find(kFamilies, name, &Family::name);
    if (family == std::end(kFamilies))
      return Fail(BadWeights(fmt::format("there is no family \"{}\"", name)));
    const std::string_view number = equal == part.npos ? "" : part.substr(equal + 1);
    double weight = -1;
    const auto [end, problem] =
        std::from_chars(number.data(), number.data() + number.size(), weight);
    if (problem != std::errc() || end != number.data() + number.size() || !std::isfinite(weight) ||
        weight < 0) {
      return Fail(BadWeights(
          fmt::format("the weight of {} is \"{}\", no number of 0 or more", name, number)));
    }
    weights[static_cast<size_t>(family - kFamilies)] = weight;
  }
  return weights;
}

size_t CharsOf(const SyntheticExample& example) {
  size_t size = example.tools.is_null() ? 0 : DumpJson(example.tools).size();
  for (const json::value& message : example.messages) size += TextSize(message);
  return size;
}

Generator::Generator(GeneratorOptions options)
    : seed_(options.seed),
      max_chars_(std::max<size_t>(options.max_chars, 400)),
      cumulative_(Cumulative(options.weights)) {}

SyntheticExample Generator::At(uint64_t index) const {
  uint64_t state = seed_;
  const uint64_t mixed_seed = SplitMix64(state);
  Rng rng(mixed_seed ^ (index * 0xd1342543de82ef95));  // an odd factor: no two indexes meet
  const double at = rng.Unit() * cumulative_.back();
  const auto found = std::ranges::upper_bound(cumulative_, at);
  const Family& family = kFamilies[static_cast<size_t>(found - cumulative_.begin())];
  for (int attempt = 0; attempt < kRedraws; ++attempt) {
    SyntheticExample example;
    example.family = family.name;
    family.make(rng, example);
    if (CharsOf(example) <= max_chars_) return example;
  }
  SyntheticExample example;
  example.family = family.name;
  MakeShortest(rng, example);
  return example;
}

}  // namespace understudy
