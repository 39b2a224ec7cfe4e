// A text as 64 numbers, without a network or a transformer: words, pairs of words and sequences of
// four characters are hashed into 32768 buckets, weighted by TF-IDF, and projected onto the
// directions in which the log's texts differ most (a truncated SVD, "latent semantic analysis":
// S. Deerwester et al., 1990; hashing: K. Weinberger et al., 2009). How the directions are found:
// flywheel/cluster/fit_projection.h.
//
// Texts are read as bytes: ASCII letters in lower case, digits and everything beyond ASCII make
// words; words in other scripts count by pairs of characters, as many are written without blanks.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "chat/request.h"

namespace understudy {

inline constexpr size_t kEmbeddingSize = 64;
inline constexpr size_t kBuckets = size_t{1} << 15;
using Embedding = std::array<float, kEmbeddingSize>;

// Of the last user message 2048 bytes are read: from a longer one the first and the last 768 and
// four pieces between. Of the one before it 512, in the same proportions.
inline constexpr size_t kUserBytes = 2048;
inline constexpr size_t kEarlierBytes = 512;

struct Feature {
  uint32_t bucket;  // < kBuckets
  float weight;     // how often, dampened: log2(1 + count)
};

// Counts a text's features; keeps its memory (64 kB) between texts. Not thread-safe.
class FeatureCounter {
 public:
  FeatureCounter() : counts_(kBuckets, 0) { touched_.reserve(4096); }

  // Adds the features of `text`, each counted `times` half times (2: once).
  void AddText(std::string_view text, uint16_t times);
  // Adds words that are known by their hashes, and their pairs.
  void AddHashes(std::span<const uint32_t> words);
  // The features since the last call, in order of first appearance; valid until the next call of
  // anything here.
  std::span<const Feature> Take();

 private:
  void Add(uint32_t hash, uint16_t times);
  void AddWord(std::string_view word, uint16_t times);

  std::vector<uint16_t> counts_;
  std::vector<uint32_t> touched_;
  std::vector<Feature> features_;
  uint32_t previous_ = 0;
};

// What the last user message says (and half as much the one before it); after a tool's result also
// the tool's name.
std::span<const Feature> UserFeatures(const ChatRequest& request, FeatureCounter& counter);

// The pieces of a text that are read where it has more than `limit` bytes.
void ForEachPiece(std::string_view text, size_t limit, void (*use)(void*, std::string_view),
                  void* self);

// From features to numbers. A bucket's row holds eight-bit integers that its scale makes numbers
// of, so that the table (2.3 MB) stays in the caches.
class Projection {
 public:
  // rows: kBuckets x kEmbeddingSize, row-major; idf: kBuckets.
  static Projection Quantized(std::span<const float> rows, std::span<const float> idf);
  // As stored. Sizes must be kBuckets, kBuckets and kBuckets * kEmbeddingSize.
  Projection(std::vector<float> idf, std::vector<float> scales, std::vector<int8_t> rows);

  // Adds the projection of the features, weighted by TF-IDF and of length 1 before it is projected,
  // times `share`. Nothing is added where no feature has a weight.
  void Add(std::span<const Feature> features, float share, Embedding& out) const;

  std::span<const float> idf() const { return idf_; }
  std::span<const float> scales() const { return scales_; }
  std::span<const int8_t> rows() const { return rows_; }

 private:
  std::vector<float> idf_, scales_;
  std::vector<int8_t> rows_;
};

// To length 1; false (and all zeros) where there is nothing, or no number.
bool Normalize(Embedding& embedding);
float Dot(std::span<const float> a, std::span<const float> b);  // of kEmbeddingSize

}  // namespace understudy
