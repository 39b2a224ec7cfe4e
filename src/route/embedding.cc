#include "route/embedding.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace understudy {
namespace {

constexpr size_t kGram = 4;      // bytes
constexpr size_t kMaxWord = 40;  // bytes of a word that count
constexpr size_t kPieces = 4;    // between beginning and end of a long text
constexpr uint32_t kPairSeed = 0x85EBCA6BU;
constexpr uint32_t kGramSeed = 0xC2B2AE35U;
constexpr uint32_t kPromptSeed = 0x27D4EB2FU;
constexpr uint32_t kToolSeed = 0x165667B1U;

// 0: no part of a word; else the byte in lower case.
constexpr auto kWordBytes = [] {
  std::array<uint8_t, 256> bytes{};
  for (int c = 0; c < 256; ++c) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
    bytes[static_cast<size_t>(c)] = static_cast<uint8_t>(!word ? 0 : upper ? c + 32 : c);
  }
  return bytes;
}();

uint32_t Mix(uint32_t hash) {  // the finaliser of MurmurHash3 (A. Appleby, public domain)
  hash = (hash ^ (hash >> 16)) * 0x85EBCA6BU;
  hash = (hash ^ (hash >> 13)) * 0xC2B2AE35U;
  return hash ^ (hash >> 16);
}

uint32_t HashBytes(std::string_view bytes, uint32_t hash) {  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

// log2(1 + count / 2): counts are in halves.
constexpr size_t kWeights = 256;
const std::array<float, kWeights> kDampened = [] {
  std::array<float, kWeights> weights{};
  for (size_t i = 0; i < kWeights; ++i) weights[i] = std::log2(1 + static_cast<float>(i) / 2);
  return weights;
}();

bool IsAscii(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Bytes of the character that begins with `first`, in UTF-8 that may be broken.
size_t CharacterBytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

void FeatureCounter::Add(uint32_t hash, uint16_t times) {
  const uint32_t bucket = Mix(hash) % kBuckets;
  uint16_t& count = counts_[bucket];
  if (count == 0) touched_.push_back(bucket);
  count = static_cast<uint16_t>(std::min<int>(kWeights - 1, count + times));
}

void FeatureCounter::AddWord(std::string_view word, uint16_t times) {
  if (!IsAscii(word)) {
    for (size_t i = 0; i < word.size();) {
      const size_t first = CharacterBytes(word[i]);
      const size_t both = i + first < word.size() ? first + CharacterBytes(word[i + first]) : first;
      Add(HashBytes(word.substr(i, both), kGramSeed), times);
      i += first;
    }
    previous_ = 0;
    return;
  }
  const uint32_t hash = HashBytes(word, 2166136261U);
  Add(hash, times);
  if (previous_ != 0) Add((previous_ * kPairSeed) ^ hash, times);
  previous_ = hash;
  if (word.size() <= kGram) return;
  for (size_t i = 0; i + kGram <= word.size(); ++i) {
    uint32_t gram = 0;
    std::memcpy(&gram, word.data() + i, kGram);
    Add(gram * kGramSeed + 1, times);
  }
}

void FeatureCounter::AddText(std::string_view text, uint16_t times) {
  std::array<char, kMaxWord> word;
  size_t size = 0;
  previous_ = 0;
  for (const char c : text) {
    if (const uint8_t lower = kWordBytes[static_cast<unsigned char>(c)]) {
      if (size < kMaxWord) word[size++] = static_cast<char>(lower);
      continue;
    }
    if (size > 0) AddWord({word.data(), size}, times);
    size = 0;
  }
  if (size > 0) AddWord({word.data(), size}, times);
}

void FeatureCounter::AddHashes(std::span<const uint32_t> words) {
  uint32_t previous = 0;
  for (const uint32_t word : words) {
    Add(word ^ kPromptSeed, 2);
    if (previous != 0) Add((previous * kPairSeed) ^ word ^ kPromptSeed, 2);
    previous = word;
  }
}

std::span<const Feature> FeatureCounter::Take() {
  features_.clear();
  for (const uint32_t bucket : touched_) {
    features_.push_back({bucket, kDampened[counts_[bucket]]});
    counts_[bucket] = 0;
  }
  touched_.clear();
  return features_;
}

void ForEachPiece(std::string_view text, size_t limit, void (*use)(void*, std::string_view),
                  void* self) {
  if (text.size() <= limit) return use(self, text);
  const size_t end = limit / 8 * 3, piece = limit / (4 * kPieces);
  use(self, text.substr(0, end));
  const size_t between = text.size() - 2 * end;
  for (size_t i = 0; i < kPieces; ++i) {
    use(self, text.substr(end + between * (2 * i + 1) / (2 * kPieces) - piece / 2, piece));
  }
  use(self, text.substr(text.size() - end));
}

std::span<const Feature> UserFeatures(const ChatRequest& request, FeatureCounter& counter) {
  struct Sink {
    FeatureCounter* counter;
    uint16_t times;
  } sink{&counter, 2};
  const auto add = [](void* self, std::string_view piece) {
    auto* to = static_cast<Sink*>(self);
    to->counter->AddText(piece, to->times);
  };
  size_t limit = kUserBytes;
  const auto& messages = request.messages;
  for (size_t i = messages.size(); i-- > 0 && limit != 0;) {
    if (messages[i].role != Role::kUser) continue;
    ForEachPiece(messages[i].text, limit, add, &sink);
    limit = limit == kUserBytes ? kEarlierBytes : 0;
    sink.times = 1;
  }
  if (!messages.empty() && messages.back().role == Role::kTool) {
    for (size_t i = messages.size(); i-- > 0;) {
      if (messages[i].tool_calls.empty()) continue;
      const uint32_t name = HashBytes(messages[i].tool_calls.back().name, kToolSeed);
      counter.AddHashes({&name, 1});
      break;
    }
  }
  return counter.Take();
}

Projection::Projection(std::vector<float> idf, std::vector<float> scales, std::vector<int8_t> rows)
    : idf_(std::move(idf)), scales_(std::move(scales)), rows_(std::move(rows)) {}

Projection Projection::Quantized(std::span<const float> rows, std::span<const float> idf) {
  std::vector<float> scales(kBuckets, 0);
  std::vector<int8_t> integers(kBuckets * kEmbeddingSize, 0);
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const float* row = rows.data() + bucket * kEmbeddingSize;
    float greatest = 0;
    for (size_t i = 0; i < kEmbeddingSize; ++i) greatest = std::max(greatest, std::fabs(row[i]));
    if (greatest == 0) continue;
    scales[bucket] = greatest / 127;
    for (size_t i = 0; i < kEmbeddingSize; ++i) {
      integers[bucket * kEmbeddingSize + i] =
          static_cast<int8_t>(std::lround(row[i] / scales[bucket]));
    }
  }
  return {{idf.begin(), idf.end()}, std::move(scales), std::move(integers)};
}

void Projection::Add(std::span<const Feature> features, float share, Embedding& out) const {
  Embedding sum{};
  float squares = 0;
  for (const Feature& feature : features) {
    const float weight = feature.weight * idf_[feature.bucket];
    squares += weight * weight;
    const float scaled = weight * scales_[feature.bucket];
    const int8_t* row = rows_.data() + size_t{feature.bucket} * kEmbeddingSize;
    for (size_t i = 0; i < kEmbeddingSize; ++i) sum[i] += scaled * static_cast<float>(row[i]);
  }
  if (squares == 0) return;
  const float factor = share / std::sqrt(squares);
  for (size_t i = 0; i < kEmbeddingSize; ++i) out[i] += factor * sum[i];
}

bool Normalize(Embedding& embedding) {
  const float length = std::sqrt(Dot(embedding, embedding));
  if (!(length > 1e-12F) || !std::isfinite(length)) {
    embedding.fill(0);
    return false;
  }
  for (float& value : embedding) value /= length;
  return true;
}

float Dot(std::span<const float> a, std::span<const float> b) {
  std::array<float, 8> sums{};
  for (size_t i = 0; i < kEmbeddingSize; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace understudy
