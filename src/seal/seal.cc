#include "seal/seal.h"

#include <sodium.h>

#include <algorithm>

namespace understudy {
namespace {

void EnsureSodium() {
  static const int ready = sodium_init();  // thread-safe; repeats are harmless
  (void)ready;
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}

}  // namespace

SecretKey SecretKey::Random() {
  EnsureSodium();
  SecretKey key;
  randombytes_buf(key.key_.data(), key.key_.size());
  return key;
}

std::optional<SecretKey> SecretKey::From(std::string_view bytes) {
  if (bytes.size() != kSecretKeyBytes) return std::nullopt;
  SecretKey key;
  std::ranges::copy(bytes, key.key_.begin());
  return key;
}

SecretKey::~SecretKey() {
  sodium_memzero(key_.data(), key_.size());
}

SecretKey::SecretKey(SecretKey&& other) noexcept : key_(other.key_) {
  sodium_memzero(other.key_.data(), other.key_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this == &other) return *this;
  key_ = other.key_;
  sodium_memzero(other.key_.data(), other.key_.size());
  return *this;
}

void WipeText(std::string& text) {
  sodium_memzero(text.data(), text.size());
  text.clear();
}

void AppendSealed(const SecretKey& key, std::string_view plain, std::string_view context,
                  std::string& out) {
  EnsureSodium();
  const size_t head = out.size();
  out.resize(head + kSealOverheadBytes + plain.size());
  unsigned char* const nonce = Bytes(out.data() + head);
  randombytes_buf(nonce, kSealNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kSealNonceBytes, nullptr, Bytes(plain),
                                             plain.size(), Bytes(context), context.size(), nullptr,
                                             nonce, Bytes(key.bytes()));
}

bool OpenSealed(const SecretKey& key, std::string_view sealed, std::string_view context,
                std::string& out) {
  EnsureSodium();
  out.clear();
  if (sealed.size() < kSealOverheadBytes) return false;
  const std::string_view rest = sealed.substr(kSealNonceBytes);
  out.resize(rest.size() - kSealTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(out.data()), nullptr, nullptr, Bytes(rest),
                                                 rest.size(), Bytes(context), context.size(),
                                                 Bytes(sealed), Bytes(key.bytes())) == 0) {
    return true;
  }
  out.clear();
  return false;
}

}  // namespace understudy
