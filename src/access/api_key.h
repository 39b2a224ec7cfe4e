// API keys of the gateway: made here, shown once, kept only as a hash.
//
// They stand in two places: `auth.api_keys` of config.toml (role agent), and keys/api-keys.json of
// the workspace, which `understudy keys` writes (any role).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "access/key_role.h"
#include "base/result.h"

namespace understudy {

struct ApiKey {
  std::string id;    // "key_" and 8 hex digits; empty for those of config.toml
  std::string name;  // unique among those that are valid
  KeyRole role = KeyRole::kAgent;
  std::string sha256;      // of the key, 64 lower-case hex digits
  int64_t created_ms = 0;  // 0: of config.toml, unknown
  int64_t expires_ms = 0;  // 0: never
  int64_t revoked_ms = 0;  // 0: not

  bool ValidAt(int64_t now_ms) const {
    return revoked_ms == 0 && (expires_ms == 0 || now_ms < expires_ms);
  }
};

// "us_" and 43 characters of [0-9A-Za-z]: 256 bits from the kernel, so a plain SHA-256 suffices to
// keep it (nothing can be guessed, so nothing needs to be slow).
std::string NewApiKey();
inline constexpr std::string_view kApiKeyPrefix = "us_";

// "NAME:HEX" for auth.api_keys.
std::string ApiKeyEntry(std::string_view name, std::string_view key);

// A name is 1 to 64 of [A-Za-z0-9._-].
bool IsApiKeyName(std::string_view name);

// keys/api-keys.json. Absent: no keys. Whatever else is wrong with it is an error that says where;
// the file is never half read, as a key that was revoked must not be forgotten.
std::filesystem::path ApiKeysPath(const std::filesystem::path& workspace);
Result<std::vector<ApiKey>> LoadApiKeys(const std::filesystem::path& workspace);
Result<std::vector<ApiKey>> ParseApiKeys(std::string_view json);
// Whole or not at all (by rename), mode 0600.
Status SaveApiKeys(const std::filesystem::path& workspace, const std::vector<ApiKey>& keys);

}  // namespace understudy
