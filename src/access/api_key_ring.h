// The keys that a gateway knows, from config.toml and from keys/api-keys.json. Immutable: a reload
// makes a new one.
#pragma once

#include <string_view>
#include <vector>

#include "access/api_key.h"
#include "base/options.h"
#include "base/result.h"

namespace understudy {

class ApiKeyRing {
 public:
  ApiKeyRing() = default;
  explicit ApiKeyRing(std::vector<ApiKey> keys);
  // Of the config and of the workspace's file.
  static Result<ApiKeyRing> Load(const Options& options);

  // Whether calls take a key: from the first agent's or admin's key on, and for good, for the last
  // one's end must not open the gateway to everybody.
  bool closed() const { return closed_; }

  // The key with this text, valid or not; null for none. It is compared with every key's hash,
  // whole, in time that does not depend on where they differ or which one it is.
  const ApiKey* Match(std::string_view presented) const;
  // The key that was presented; kUnauthorized for one that is unknown, has expired or is revoked.
  // Lives as long as the ring.
  Result<const ApiKey*> Find(std::string_view presented, int64_t now_ms) const;

  const std::vector<ApiKey>& keys() const { return keys_; }

 private:
  std::vector<ApiKey> keys_;
  bool closed_ = false;
};

// An error of the client's: 401.
Error KeyRefused(std::string message);

}  // namespace understudy
