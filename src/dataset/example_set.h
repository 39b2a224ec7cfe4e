// A data file's usable examples, and what is done with them before they become tokens: repeated
// ones taken out, and a part kept for validation.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/example.h"

namespace understudy {

struct ExampleSet {
  std::shared_ptr<TextPool> texts;
  std::vector<Example> examples;  // in the order of their file
  DataReport report;              // so far
};

// Reads exchange JSONL and the other shapes of docs/format-exchange.md; every line is checked and
// what cannot be used is counted, never fatal. Of the same request with the same answer the first
// stays; of several answers to the same request the most frequent stays (the first of those where
// they are as frequent). Fails where the file cannot be read, is packed, or nothing usable is in
// it: then the error says what was wrong with most lines.
Result<ExampleSet> ReadExampleSet(const std::filesystem::path& path);

// The same for lines in memory; `name` stands in errors.
Result<ExampleSet> ParseExampleSet(std::string_view lines, std::string_view name);

struct SplitOptions {
  double share = 0.05;  // of the examples, then held between the two limits
  size_t least = 20;
  size_t most = 500;
  uint64_t key = 0;  // another key, another split
};
struct Split {
  ExampleSet train, valid;  // share their texts; both reports are the whole set's
};

// Takes whole sessions (an example without one: the examples of the same request) in the order of
// their keyed hash until enough are taken, so that no conversation stands on both sides and most of
// the choice stays when the file grows. Never takes more than half of all examples: where `least`
// is more than that, or one session holds nearly everything, fewer are taken, perhaps none.
Split SplitExamples(ExampleSet set, const SplitOptions& options);

// Takes examples out of `train` whose request is also one of `valid`, whatever its answer: what is
// measured must not have been learnt. For validation data from a file of its own.
void HoldOut(ExampleSet& train, const ExampleSet& valid);

}  // namespace understudy
