#include "flywheel/curate/minhash.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/ids.h"
#include "flywheel/curate/groups.h"

namespace understudy {
namespace {

constexpr size_t kLeaders = 32;

struct Order {
  uint64_t factor, term;
};

// The first numbers of SplitMix64 (Steele, Lea, Flood 2014) from 0.
std::array<Order, kSketchSize> MakeOrders() {
  uint64_t state = 0;
  const auto next = [&state] {
    uint64_t z = (state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  };
  std::array<Order, kSketchSize> orders{};
  for (Order& order : orders) order = {next() | 1, next()};
  return orders;
}

bool IsWordByte(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= 0x80 && c < 0xE0);
}
bool IsBlank(unsigned char c) {
  return c <= 0x20;
}

// The end of the token at `at`, which is no blank.
size_t TokenEnd(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t end = at + 1;
  if (byte(at) >= 0xE0) {
    while (end < text.size() && byte(end) >= 0x80 && byte(end) < 0xC0) ++end;
    return end;
  }
  while (IsWordByte(byte(at)) && end < text.size() && IsWordByte(byte(end))) ++end;
  return end;
}

std::vector<uint64_t> TokensOf(std::string_view text) {
  std::vector<uint64_t> tokens;
  std::string token;
  for (size_t at = 0; at < text.size();) {
    if (IsBlank(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const size_t end = TokenEnd(text, at);
    token.assign(text, at, end - at);
    for (char& c : token) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    tokens.push_back(FastHash(token));
    at = end;
  }
  return tokens;
}

uint64_t BandHash(const Sketch& sketch, size_t first, size_t places) {
  const auto* bytes = reinterpret_cast<const char*>(sketch.data() + first);
  return FastHash({bytes, places * sizeof(uint32_t)}, first);
}

// Joins what is alike among rows that share a band.
void JoinBucket(std::span<const std::pair<uint64_t, uint32_t>> bucket,
                std::span<const Sketch> sketches, double threshold, Union& joined,
                std::vector<std::pair<uint32_t, uint32_t>>& pairs) {
  std::vector<uint32_t> leaders;
  for (const auto& [hash, row] : bucket) {
    const auto alike = std::ranges::find_if(leaders, [&, row = row](uint32_t leader) {
      return joined.Find(leader) == joined.Find(row) ||
             Similarity(sketches[leader], sketches[row]) >= threshold;
    });
    if (alike == leaders.end()) {
      if (leaders.size() < kLeaders) leaders.push_back(row);
    } else if (joined.Join(*alike, row)) {
      pairs.emplace_back(*alike, row);
    }
  }
}

}  // namespace

std::vector<uint32_t> ShinglesOf(std::string_view text) {
  const std::vector<uint64_t> tokens = TokensOf(text);
  std::vector<uint32_t> shingles;
  const size_t width = std::min(kShingleTokens, tokens.size());
  for (size_t i = 0; width > 0 && i + width <= tokens.size(); ++i) {
    const auto* bytes = reinterpret_cast<const char*>(tokens.data() + i);
    shingles.push_back(static_cast<uint32_t>(FastHash({bytes, width * sizeof(uint64_t)})));
  }
  return shingles;
}

Sketch SketchOf(std::span<const uint32_t> shingles) {
  static const std::array<Order, kSketchSize> kOrders = MakeOrders();
  Sketch sketch;
  sketch.fill(std::numeric_limits<uint32_t>::max());
  for (const uint64_t shingle : shingles) {
    // Multiply-shift: the high half of a*x + b is universal for 32-bit x (Dietzfelbinger 1996).
    for (size_t i = 0; i < kSketchSize; ++i) {
      const auto place =
          static_cast<uint32_t>((kOrders[i].factor * shingle + kOrders[i].term) >> 32);
      sketch[i] = std::min(sketch[i], place);
    }
  }
  return sketch;
}

double Similarity(const Sketch& a, const Sketch& b) {
  size_t equal = 0;
  for (size_t i = 0; i < kSketchSize; ++i) equal += a[i] == b[i];
  return static_cast<double>(equal) / kSketchSize;
}

size_t BandPlaces(double threshold) {
  for (size_t places = 32; places > 1; places /= 2) {
    const double band = std::pow(threshold, static_cast<double>(places));
    const double missed = std::pow(1 - band, static_cast<double>(kSketchSize / places));
    if (missed <= 0.01) return places;
  }
  return 1;
}

std::vector<std::pair<uint32_t, uint32_t>> NearPairs(std::span<const Sketch> sketches,
                                                     double threshold) {
  const size_t places = BandPlaces(threshold);
  Union joined(sketches.size());
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  std::vector<std::pair<uint64_t, uint32_t>> rows(sketches.size());
  for (size_t first = 0; first < kSketchSize; first += places) {
    for (uint32_t i = 0; i < rows.size(); ++i) {
      rows[i] = {BandHash(sketches[i], first, places), i};
    }
    std::ranges::sort(rows);
    for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && rows[end].first == rows[begin].first) ++end;
      JoinBucket(std::span(rows).subspan(begin, end - begin), sketches, threshold, joined, pairs);
    }
  }
  return pairs;
}

}  // namespace understudy
