#include "nn/tune_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "adapter/base_identity.h"
#include "dataset/pack.h"

namespace understudy::nn {
namespace {

constexpr int64_t kLongest = 4096;  // tokens of a conversation, where nothing else is said
constexpr size_t kGroupTokens = 4096;
constexpr size_t kMostValid = 500;  // answers

Result<std::vector<Sequence>> Sequences(ExampleSet& set, const Renderer& renderer,
                                        size_t max_tokens, bool fold) {
  return BuildSequences(set, renderer, {.max_tokens = max_tokens, .fold = fold});
}

Result<DataSource> Source(std::string role, const std::string& file, const DataReport& report) {
  TRY(std::string hash, HashFile(file));
  return DataSource{.role = std::move(role),
                    .file = file,
                    .sha256 = std::move(hash),
                    .licence = "",
                    .report = ToJson(report)};
}

// Keeps kMostValid of the examples, the same ones whatever their order.
void Thin(ExampleSet& set, uint64_t seed) {
  if (set.examples.size() <= kMostValid) return;
  std::ranges::sort(set.examples, {}, [&](const Example& example) {
    return MixSeed(seed, static_cast<uint64_t>(example.line), 0);
  });
  set.examples.resize(kMostValid);
  std::ranges::sort(set.examples, {}, &Example::line);
}

// Cuts sorted sequences into groups whose padded rows hold at most kGroupTokens.
std::vector<ValidationSet::Group> Groups(const std::vector<Sequence>& sequences) {
  std::vector<ValidationSet::Group> groups;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const bool fits =
        !groups.empty() && (groups.back().count + 1) * sequences[i].tokens.size() <= kGroupTokens;
    if (!fits) groups.push_back({.begin = i, .count = 0});
    ++groups.back().count;
  }
  return groups;
}

Result<ValidationSet> MakeValidation(ExampleSet& set, const Renderer& renderer, size_t max_tokens) {
  std::map<int64_t, TargetKind> kinds;  // by line
  for (const Example& example : set.examples) {
    TRY(const json::value answer, ParseJson((*set.texts)[example.answer]));
    kinds[example.line] = KindOf(answer, nullptr);
  }
  ValidationSet valid;
  TRY(valid.sequences, Sequences(set, renderer, max_tokens, false));
  std::ranges::stable_sort(valid.sequences, {},
                           [](const Sequence& sequence) { return sequence.tokens.size(); });
  valid.groups = Groups(valid.sequences);
  for (const Sequence& sequence : valid.sequences)
    valid.kinds.push_back(kinds[sequence.lines.front()]);
  return valid;
}

}  // namespace

Result<TuneData> ReadTuneData(const TuneOptions& options, const GgufFile& base, int64_t context) {
  TRY(const auto renderer, ChatRenderer::ForBase(base));
  TuneData data;
  data.padding_token = renderer->padding_token();
  data.max_tokens = static_cast<size_t>(options.max_length > 0 ? options.max_length
                                                               : std::min(context, kLongest));
  TRY(ExampleSet train, ReadExampleSet(options.data));
  ExampleSet valid;
  const auto seed = static_cast<uint64_t>(options.seed);
  if (options.valid.empty()) {
    Split split = SplitExamples(std::move(train), {.key = seed});
    train = std::move(split.train);
    valid = std::move(split.valid);
  } else {
    TRY(valid, ReadExampleSet(options.valid));
    Thin(valid, seed);
    HoldOut(train, valid);
  }
  TRY(data.train, Sequences(train, *renderer, data.max_tokens, true));
  data.report = ToText(train.report);
  TRY(DataSource source, Source("train", options.data, train.report));
  data.sources.push_back(std::move(source));
  if (!valid.examples.empty()) {
    TRY(data.valid, MakeValidation(valid, *renderer, data.max_tokens));
    const std::string& file = options.valid.empty() ? options.data : options.valid;
    TRY(DataSource from, Source("valid", file, valid.report));
    data.sources.push_back(std::move(from));
  }
  if (!options.replay.empty()) {
    TRY(ExampleSet replay, ReadExampleSet(options.replay));
    TRY(data.replay, Sequences(replay, *renderer, data.max_tokens, true));
    TRY(DataSource from, Source("replay", options.replay, replay.report));
    data.sources.push_back(std::move(from));
  }
  return data;
}

}  // namespace understudy::nn
