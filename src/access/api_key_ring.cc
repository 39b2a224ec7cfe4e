#include "access/api_key_ring.h"

#include <algorithm>

#include "base/ids.h"

namespace understudy {

Error KeyRefused(std::string message) {
  Error error = InvalidInput(std::move(message));
  error.kind = ErrorKind::kUnauthorized;
  error.code = "invalid_api_key";
  return error;
}

ApiKeyRing::ApiKeyRing(std::vector<ApiKey> keys) : keys_(std::move(keys)) {
  closed_ =
      std::ranges::any_of(keys_, [](const ApiKey& key) { return May(key.role, Right::kCall); });
}

Result<ApiKeyRing> ApiKeyRing::Load(const Options& options) {
  TRY(std::vector<ApiKey> keys, LoadApiKeys(options.workspace));
  for (const std::string& entry : options.auth.api_keys) {
    const size_t colon = entry.rfind(':');
    if (colon == std::string::npos) continue;
    ApiKey key;
    key.name = entry.substr(0, colon);
    key.sha256 = entry.substr(colon + 1);
    keys.push_back(std::move(key));
  }
  return ApiKeyRing(std::move(keys));
}

const ApiKey* ApiKeyRing::Match(std::string_view presented) const {
  if (keys_.empty()) return nullptr;
  const std::string hash = Sha256Hex(presented);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_) {
    if (EqualSecrets(hash, key.sha256)) found = &key;
  }
  return found;
}

Result<const ApiKey*> ApiKeyRing::Find(std::string_view presented, int64_t now_ms) const {
  const ApiKey* const found = Match(presented);
  if (!found) {
    return Fail(KeyRefused("this API key is not known here")
                    .Mend("Ask whoever runs the gateway for one; `understudy keys create` makes "
                          "them."));
  }
  if (found->ValidAt(now_ms)) return found;
  return Fail(
      KeyRefused(found->revoked_ms > 0 ? "this API key was revoked" : "this API key has expired")
          .Mend("Ask whoever runs the gateway for a new one; `understudy keys rotate` "
                "makes them."));
}

}  // namespace understudy
