// Applies a vocabulary's merges to one word: always the pair of the lowest rank, the leftmost
// among equals, until none is left. This is llama.cpp's order, and so its result.
#pragma once

#include <span>
#include <vector>

#include "tokens/merge_table.h"

namespace understudy {

// `ids` are the word's byte tokens; they are replaced by the result.
void MergeWord(const MergeTable& merges, std::vector<TokenId>& ids);

}  // namespace understudy
