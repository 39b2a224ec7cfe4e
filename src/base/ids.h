// Identifiers and hashes.
//
// NewId gives "ex_" + 26 characters of Crockford base32: 48 bits of milliseconds, then 80 random
// bits (the ULID layout, https://github.com/ulid/spec), so ids sort by time and cannot be guessed
// in practice. Thread-safe; the random part comes from a per-thread generator seeded by the
// kernel. Not for secrets: those come from RandomBytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

std::string NewId(std::string_view prefix, int64_t wall_ms);

// Cryptographically strong bytes from the kernel (libsodium).
std::string RandomBytes(size_t count);

// BLAKE2b-256 under a 32-byte key (RFC 7693), as 32 lower-case hex digits (the first 128 bits):
// how origins are made anonymous before they are stored. An empty `text` gives an empty result.
std::string KeyedHash(std::string_view key32, std::string_view text);

// SHA-256 as 64 lower-case hex digits: how high-entropy API keys are kept.
std::string Sha256Hex(std::string_view text);

// XXH3, 64 and 128 bits: fast and not secret. For look-up and de-duplication only.
uint64_t FastHash(std::string_view text, uint64_t seed = 0);
struct Hash128 {
  uint64_t low = 0, high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};
Hash128 FastHash128(std::string_view text);

std::string ToHex(std::string_view bytes);

// Equal or not, in time that does not depend on where they differ.
bool EqualSecrets(std::string_view a, std::string_view b);

}  // namespace understudy
