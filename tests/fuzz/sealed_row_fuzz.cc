// Sealed rows and master keys as they may be read from a damaged or hostile file: a head that lies
// within the bytes, nothing that opens with a key that did not seal it, and a key that survives
// being written.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "seal/master_key.h"
#include "store/sealed_codec.h"

namespace {

using namespace understudy;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const DataKey key{.id = 5, .key = SecretKey::Random()};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string opened, sealed;
  if (const auto head = ParseSealed(bytes)) {
    Require(head->key > 0 && head->sealed.size() >= kSealOverheadBytes);
    Require(bytes.ends_with(head->sealed));
    Require(!OpenSealed(key.key, head->sealed, "", opened) && opened.empty());
  }
  SealRow(key, bytes, {.exchange = "ex_fuzz", .origin = bytes.substr(size / 2)}, sealed);
  const auto again = ParseSealed(sealed);
  Require(again && again->key == key.id &&
          again->sealed.size() == bytes.size() + kSealOverheadBytes);
  if (const auto master = ParseMasterKey(bytes)) {
    const auto same = ParseMasterKey(master->ToText());
    Require(same && same->id() == master->id());
  }
  return 0;
}
