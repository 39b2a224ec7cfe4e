// Synthetic chat examples in English, on which a small base model is trained from scratch: so that
// it copies from its prompt, follows formats, and learns a new narrow task from a small adapter.
//
//   Generator generator({.seed = 7});
//   SyntheticExample example = generator.At(0);   // or Next(), in order
//
// Example i of a seed, weights and max_chars is a pure function of them (for one build of the
// program): a training resumes by its count alone, and threads may share out the indexes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

struct SyntheticExample {
  json::array messages;         // OpenAI chat messages; every assistant message is a target
  json::value tools = nullptr;  // OpenAI's `tools`, or null
  std::string family;           // "tool_call", "label", ...; of real texts, their data set
};

struct GeneratorOptions {
  uint64_t seed = 1;
  std::vector<double> weights;  // one a family, in the order of Families(); empty: the defaults.
                                // Families beyond the end and weights below 0 count as 0; if all
                                // are 0, the defaults hold.
  size_t max_chars = 3000;  // of all messages and tools; at least 400. Longer drafts are redrawn.
};

// "tool_call=3,label=1": weights for the families named, 0 for the others. kInvalidInput names an
// unknown family, or a weight that is no number of 0 or more.
Result<std::vector<double>> ParseFamilyWeights(std::string_view text);

// Bytes of the messages' texts and calls, and of the tools as JSON.
size_t CharsOf(const SyntheticExample& example);

class Generator {
 public:
  explicit Generator(GeneratorOptions options);

  SyntheticExample At(uint64_t index) const;  // thread-safe
  SyntheticExample Next() { return At(next_++); }
  void Seek(uint64_t index) { next_ = index; }
  uint64_t position() const { return next_; }  // index of the next example

 private:
  uint64_t seed_;
  size_t max_chars_;
  std::vector<double> cumulative_;  // of the weights; the last one is their sum
  uint64_t next_ = 0;
};

}  // namespace understudy
