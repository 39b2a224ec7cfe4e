// A row's bytes as they lie in the store: compressed (body_codec.h), then sealed under the data key
// of the exchange's origin (key_ring.h), bound to whose they are. So a row whose bytes, id, origin,
// session, time or outcome were altered, or exchanged with another row's, does not open, and the
// error names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/exchange.h"
#include "store/body_codec.h"
#include "store/key_ring.h"

namespace understudy {

// Of CodecId::kSealed: which key, and nonce, ciphertext and tag.
struct SealedHead {
  int64_t key = 0;
  std::string_view sealed;
};
// Nothing unless the bytes say that they are sealed, and are long enough.
std::optional<SealedHead> ParseSealed(std::string_view stored);

BodyPlace PlaceOf(const Exchange& exchange, BodyColumn column);

// Seals `inner` (bytes of another codec) into `out`, which is cleared.
void SealRow(const DataKey& key, std::string_view inner, const BodyPlace& place, std::string& out);
// The bytes that were sealed. What is not sealed is given as it is while the store may still hold
// such rows, and else refused.
Status OpenRow(KeyRing& keys, std::string_view stored, const BodyPlace& place, std::string& inner);

// One thread at a time.
class SealedCodec {
 public:
  explicit SealedCodec(KeyRing& keys) : keys_(keys) {}

  Status Encode(BodyCodec& codec, const DataKey& key, std::string_view plain,
                const BodyPlace& place, std::string& out, Effort effort = Effort::kFull);
  Status Decode(BodyCodec& codec, std::string_view stored, const BodyPlace& place,
                std::string& out);

 private:
  KeyRing& keys_;
  std::string inner_;  // kept for its capacity
};

}  // namespace understudy
