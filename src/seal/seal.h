// Authenticated encryption of small pieces: XChaCha20-Poly1305 (libsodium's ietf variant,
// draft-irtf-cfrg-xchacha). The nonce is 24 random bytes, so that keys may be used by several
// processes at once without counting. What is sealed is bound to a context: opened with another
// one, it does not open.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

inline constexpr size_t kSecretKeyBytes = 32;
inline constexpr size_t kSealNonceBytes = 24;
inline constexpr size_t kSealTagBytes = 16;
inline constexpr size_t kSealOverheadBytes = kSealNonceBytes + kSealTagBytes;

// 32 bytes that are overwritten when they go. Copies are made on purpose only.
class SecretKey {
 public:
  static SecretKey Random();
  // Nothing unless there are 32 of them.
  static std::optional<SecretKey> From(std::string_view bytes);
  ~SecretKey();
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey Copy() const { return *this; }

  std::string_view bytes() const { return {reinterpret_cast<const char*>(key_.data()), 32}; }

 private:
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  std::array<unsigned char, kSecretKeyBytes> key_{};
};

// Overwrites the text's bytes, then empties it.
void WipeText(std::string& text);

// Appends nonce, ciphertext and tag to `out`: plain.size() + kSealOverheadBytes.
void AppendSealed(const SecretKey& key, std::string_view plain, std::string_view context,
                  std::string& out);

// Clears `out`. False, and `out` empty: another key, another context, or altered bytes.
bool OpenSealed(const SecretKey& key, std::string_view sealed, std::string_view context,
                std::string& out);

}  // namespace understudy
