#include "models/sketch.h"

#include <algorithm>

#include "base/ids.h"

namespace understudy {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool InWord(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool letter = (Lower(c) >= 'a' && Lower(c) <= 'z') || (c >= '0' && c <= '9');
  return letter || (byte >= 0xC2 && byte <= 0xDF);
}

size_t SequenceBytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC2 ? 2 : 1;
}

// Bytes of the token at the front of `text`; 0: the first byte belongs to none.
size_t TokenBytes(std::string_view text) {
  if (SequenceBytes(text.front()) >= 3) return SequenceBytes(text.front());
  size_t end = 0;
  while (end < text.size() && InWord(text[end])) end += SequenceBytes(text[end]);
  return end;
}

// A multiplier and an addend a lane: independent hash functions from one (splitmix64).
constexpr std::array<uint64_t, 2 * kSketchLanes> MakeLanes() {
  std::array<uint64_t, 2 * kSketchLanes> lanes{};
  uint64_t state = 0x5eed;
  for (auto& lane : lanes) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    lane = (z ^ (z >> 31)) | 1;
  }
  return lanes;
}

}  // namespace

void AddTokens(TokenSet& tokens, std::string_view text, uint32_t field) {
  std::string word;
  while (!text.empty()) {
    const size_t length = std::min(TokenBytes(text), text.size());
    if (length > 0) {
      word.assign(text.substr(0, length));
      std::transform(word.begin(), word.end(), word.begin(), Lower);
      tokens.push_back(static_cast<uint32_t>(FastHash(word, field)));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
}

void SortTokens(TokenSet& tokens) {
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
}

double Similarity(const TokenSet& a, const TokenSet& b) {
  size_t shared = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    shared += a[i] == b[j];
    const bool next_a = a[i] <= b[j], next_b = b[j] <= a[i];
    i += next_a;
    j += next_b;
  }
  const size_t all = a.size() + b.size() - shared;
  return all == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(all);
}

Sketch MakeSketch(const TokenSet& tokens) {
  static constexpr auto kLanes = MakeLanes();
  std::array<uint32_t, kSketchLanes> least{};
  least.fill(UINT32_MAX);
  for (const uint32_t token : tokens) {
    for (size_t i = 0; i < kSketchLanes; ++i) {
      const auto hash = static_cast<uint32_t>((token * kLanes[2 * i] + kLanes[2 * i + 1]) >> 32);
      least[i] = std::min(least[i], hash);
    }
  }
  Sketch sketch{};
  for (size_t i = 0; i < kSketchLanes; ++i) sketch[i] = static_cast<uint16_t>(least[i]);
  return sketch;
}

int SharedLanes(const Sketch& a, const Sketch& b) {
  int shared = 0;
  for (size_t i = 0; i < kSketchLanes; ++i) shared += a[i] == b[i];
  return shared;
}

}  // namespace understudy
