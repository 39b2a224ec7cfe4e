// Training sequences: conversations as tokens, with the loss on recorded answers only.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dataset/example_set.h"
#include "dataset/renderer.h"

namespace understudy {

// The teacher's distribution over one token, where it was recorded: alternatives with natural-log
// probabilities, most probable first; their sum may be below 1.
struct SoftTarget {
  uint32_t position = 0;  // of the token that they are alternatives to
  std::vector<std::pair<int32_t, float>> alternatives;
};

struct Sequence {
  std::vector<int32_t> tokens;
  // weights[i]: how much predicting tokens[i] from all before it counts: 1 on recorded answers
  // (tool calls and the token that ends the turn included), else 0. Always 0 at the first token.
  std::vector<float> weights;
  std::vector<SoftTarget> soft;  // by position; plain cross entropy elsewhere
  std::vector<int64_t> lines;    // of the answers in it
  // Conversations that begin alike (dataset/share_trunks.h): where their branches begin, the first
  // one behind the trunk. Empty: one conversation.
  std::vector<size_t> branches;
};

struct SequenceOptions {
  size_t max_tokens = 2048;  // longer answers are left out: their beginning is what they depend on
  bool fold = true;
};

// Renders every example of the set and folds where the shorter conversation's tokens are exactly a
// prefix of the longer one's, so that contexts and targets are those of the unfolded examples.
// Adds to the set's report. Fails where nothing is left, naming the most frequent reason.
Result<std::vector<Sequence>> BuildSequences(ExampleSet& set, const Renderer& renderer,
                                             const SequenceOptions& options);

// The alternatives that a recorded logprobs.content holds for the tokens of one turn. The recorded
// tokens must be exactly our tokens of some run in the turn, byte for byte (a template's own
// beginning and the end token may be missing from them); else nothing: not alignable.
std::vector<SoftTarget> AlignLogprobs(const json::value& content, const ChatAsTokens& chat,
                                      const AnswerSpan& turn, const Renderer& renderer);

}  // namespace understudy
