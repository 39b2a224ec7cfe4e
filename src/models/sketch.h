// How alike two texts are, by the words they share.
//
// The measure is the Jaccard similarity of token sets: shared tokens over all tokens. A Sketch
// estimates it in constant space: MinHash (A. Broder, "On the resemblance and containment of
// documents", 1997) with 32 lanes of 16 bits (b-bit minwise hashing, P. Li and C. König, 2010). Its
// standard error is at most 0.09.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace understudy {

// Sorted hashes of distinct tokens.
using TokenSet = std::vector<uint32_t>;

inline constexpr size_t kSketchLanes = 32;
using Sketch = std::array<uint16_t, kSketchLanes>;

// Adds the tokens of `text` (unsorted): runs of ASCII letters and digits, lower-cased, with the
// two-byte UTF-8 letters of European scripts in them; each longer UTF-8 sequence (Chinese, emoji)
// alone. `field` sets the same word in different places apart.
void AddTokens(TokenSet& tokens, std::string_view text, uint32_t field);
void SortTokens(TokenSet& tokens);

double Similarity(const TokenSet& a, const TokenSet& b);  // 0..1; of two empty sets 0

Sketch MakeSketch(const TokenSet& tokens);
int SharedLanes(const Sketch& a, const Sketch& b);  // 0..kSketchLanes

}  // namespace understudy
