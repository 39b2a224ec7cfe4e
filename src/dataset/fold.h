// Folding: in a session each call repeats the conversation so far, so calls whose messages and
// answer begin a longer call's messages are learnt from in that call's sequence.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dataset/example.h"

namespace understudy {

// One sequence to be: the conversation of `head`, whose answer ends it, and the shorter examples
// whose answers occur in it. With equal tools and system prompt by construction: they are part of
// what must be equal.
struct Chain {
  size_t head = 0;             // index of an example
  std::vector<size_t> folded;  // indexes, by growing number of messages
};

// Every example stands in exactly one chain. Chains are in the order of their heads in the file.
// Only examples of the same session are folded (those without one count as of the same).
// Time is linear in the number of messages.
std::vector<Chain> Fold(std::span<const Example> examples);

}  // namespace understudy
