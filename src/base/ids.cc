#include "base/ids.h"

#include <random>

#include <sodium.h>
#include <xxhash.h>

namespace understudy {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void EnsureSodium() {
  static const int ready = sodium_init();  // thread-safe; repeats are harmless
  (void)ready;
}

std::mt19937_64& ThreadGenerator() {
  thread_local std::mt19937_64 generator = [] {
    const std::string seed = RandomBytes(32);
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  return generator;
}

}  // namespace

std::string NewId(std::string_view prefix, int64_t wall_ms) {
  auto& generator = ThreadGenerator();
  std::string id(prefix);
  id.reserve(prefix.size() + 26);
  for (int shift = 45; shift >= 0; shift -= 5) id += kCrockford[(wall_ms >> shift) & 31];
  uint64_t bits = generator();
  for (int i = 0; i < 16; ++i) {
    if (i == 8) bits = generator();
    id += kCrockford[bits & 31];
    bits >>= 5;
  }
  return id;
}

std::string RandomBytes(size_t count) {
  EnsureSodium();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string KeyedHash(std::string_view key32, std::string_view text) {
  if (text.empty()) return {};
  EnsureSodium();
  std::array<unsigned char, 32> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key32.data()), key32.size());
  return ToHex({reinterpret_cast<const char*>(digest.data()), 16});
}

std::string Sha256Hex(std::string_view text) {
  EnsureSodium();
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

uint64_t FastHash(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

Hash128 FastHash128(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.low64, hash.high64};
}

std::string ToHex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

bool EqualSecrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace understudy
