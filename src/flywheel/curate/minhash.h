// How alike two texts are, from sketches of fixed size.
//
// A text is the set of its shingles: every three tokens that follow each other. The Jaccard
// similarity of two sets is the chance that a random order of all shingles has the same first one
// in both; a sketch holds the first under 128 orders, and the share of equal places estimates it
// (A. Broder, "On the resemblance and containment of documents", 1997) with a standard error of
// sqrt(J (1 - J) / 128): 0.027 at 0.9. Pairs worth comparing are found by banding: rows that agree
// in all places of one band of the sketch.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy {

inline constexpr size_t kSketchSize = 128;
inline constexpr size_t kShingleTokens = 3;
using Sketch = std::array<uint32_t, kSketchSize>;

// Hashes of the text's shingles, with repetitions. Tokens are runs of letters and digits, lower
// case; every other character that is no blank is one, and so is each letter of a script beyond
// U+07FF. A text of fewer than three tokens is one shingle; an empty one has none.
std::vector<uint32_t> ShinglesOf(std::string_view text);

Sketch SketchOf(std::span<const uint32_t> shingles);

// The share of equal places, from 0 to 1. Two empty texts are the same.
double Similarity(const Sketch& a, const Sketch& b);

// Places in a band, so that a pair as alike as `threshold` shares a band with a chance of 99 % or
// more: 8 for 0.9.
size_t BandPlaces(double threshold);

// Pairs of indexes that join all sketches whose similarity is `threshold` or more (from 0 to 1),
// directly or over others; each is verified by its sketches. Of the many rows that may share a band
// each is compared with 32 that are not alike: time is linear in the number of sketches.
std::vector<std::pair<uint32_t, uint32_t>> NearPairs(std::span<const Sketch> sketches,
                                                     double threshold);

}  // namespace understudy
