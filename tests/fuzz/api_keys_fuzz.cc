// keys/api-keys.json, whoever wrote it: keys with a role and a hash, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "access/api_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto keys = ParseApiKeys({reinterpret_cast<const char*>(data), size});
  if (!keys) {
    if (keys.error().kind != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  for (const ApiKey& key : *keys) {
    if (key.id.empty() || !IsApiKeyName(key.name) || key.sha256.size() != 64) std::abort();
    if (key.created_ms < 0 || key.expires_ms < 0 || key.revoked_ms < 0) std::abort();
  }
  return 0;
}
