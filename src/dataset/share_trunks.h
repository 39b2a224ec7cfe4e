// Conversations of one task begin alike: the same system message, the same tools. Sequences that
// share a beginning, the trunk, are put together so that it is computed once for all of them:
//
//   S a1 | S a2 | S a3     ->     S a1 a2 a3      (each a goes on from S, and sees no other a)
//
// The losses and gradients are those of the sequences apart; the tokens are fewer, as many times as
// the trunk is long against what differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataset/sequence.h"

namespace understudy {

struct ShareOptions {
  size_t max_tokens = 4096;  // of a shared sequence; what is longer alone stays as it is
  size_t usual = 1024;      // tokens that it has where conversations are short: many small ones mix
                            // better; and room for four of them in any case
  size_t least_trunk = 16;  // tokens that are worth sharing
  uint64_t seed = 0;        // of which sequences come together
};

// Trunks hold no token that counts in a loss, nor the last one before the first that does. What
// shares with nothing stays as it is. The order is new; it depends on the tokens and the seed.
std::vector<Sequence> ShareTrunks(std::vector<Sequence> sequences, const ShareOptions& options);

}  // namespace understudy
