#include "access/api_key.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"

namespace understudy {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kLength = 43;                                     // 62^43 > 2^256
constexpr unsigned kFair = 256 / kDigits.size() * kDigits.size();  // bytes above would be unfair
constexpr int64_t kVersion = 1;
constexpr uint64_t kMaxFileBytes = uint64_t{16} << 20;

Error Wrong(size_t index, std::string_view what) {
  return InvalidInput(fmt::format("keys[{}]: {}", index, what));
}

// A moment of a key's life; absent or null: 0.
Result<int64_t> Moment(const json::value& key, std::string_view member, size_t index) {
  const json::value* value = Find(key, member);
  if (!value || value->is_null()) return 0;
  const auto ms = value->is_string() ? ParseWallMs(std::string_view(value->get_string()))
                                     : std::optional<int64_t>();
  if (ms && *ms > 0) return *ms;
  return Fail(
      Wrong(index, fmt::format("\"{}\" must be a time such as 2026-01-31T12:00:00Z", member)));
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<ApiKey> ReadKey(const json::value& value, size_t index) {
  ApiKey key;
  key.id = StringOr(value, "id");
  key.name = StringOr(value, "name");
  key.sha256 = StringOr(value, "sha256");
  if (key.id.empty()) return Fail(Wrong(index, "no \"id\""));
  if (!IsApiKeyName(key.name)) {
    return Fail(Wrong(index, "\"name\" must be 1 to 64 of A-Z a-z 0-9 . _ -"));
  }
  if (!IsSha256(key.sha256)) return Fail(Wrong(index, "\"sha256\" must be 64 hex digits"));
  auto role = ParseKeyRole(StringOr(value, "role"));
  if (!role) return Fail(Wrong(index, role.error().message));
  key.role = *role;
  TRY(key.created_ms, Moment(value, "created", index));
  TRY(key.expires_ms, Moment(value, "expires", index));
  TRY(key.revoked_ms, Moment(value, "revoked", index));
  return key;
}

json::value MomentOrNull(int64_t ms) {
  return ms > 0 ? json::value(FormatWallMs(ms)) : json::value(nullptr);
}

}  // namespace

std::string NewApiKey() {
  std::string key(kApiKeyPrefix);
  while (key.size() < kApiKeyPrefix.size() + kLength) {
    for (const char byte : RandomBytes(64)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < kFair && key.size() < kApiKeyPrefix.size() + kLength) {
        key += kDigits[value % kDigits.size()];
      }
    }
  }
  return key;
}

std::string ApiKeyEntry(std::string_view name, std::string_view key) {
  return fmt::format("{}:{}", name, Sha256Hex(key));
}

bool IsApiKeyName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::filesystem::path ApiKeysPath(const std::filesystem::path& workspace) {
  return workspace / "keys" / "api-keys.json";
}

Result<std::vector<ApiKey>> ParseApiKeys(std::string_view json) {
  TRY(const json::value file, ParseJson(json));
  if (IntOr(file, "version", 0) != kVersion) {
    return Fail(InvalidInput(fmt::format("its version is not {}", kVersion))
                    .Mend("It was written by another release of understudy."));
  }
  const json::value* list = Find(file, "keys");
  if (!list || !list->is_array()) return Fail(InvalidInput("it has no list \"keys\""));
  std::vector<ApiKey> keys;
  for (const json::value& value : list->get_array()) {
    TRY(ApiKey key, ReadKey(value, keys.size()));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::vector<ApiKey>> LoadApiKeys(const std::filesystem::path& workspace) {
  const auto path = ApiKeysPath(workspace);
  std::error_code unknown;  // "there, but out of reach" is not absent
  if (!std::filesystem::exists(path, unknown) && !unknown) return std::vector<ApiKey>();
  TRY(const std::string text, ReadFile(path, kMaxFileBytes));
  auto keys = ParseApiKeys(text);
  if (keys) return keys;
  Error error = std::move(keys).error();
  if (error.mend.empty()) error.mend = "Restore it from a backup; `understudy keys` writes it.";
  return Fail(std::move(error).At(path.string()));
}

Status SaveApiKeys(const std::filesystem::path& workspace, const std::vector<ApiKey>& keys) {
  json::array list;
  for (const ApiKey& key : keys) {
    list.push_back(json::object{{"id", key.id},
                                {"name", key.name},
                                {"role", Name(key.role)},
                                {"sha256", key.sha256},
                                {"created", MomentOrNull(key.created_ms)},
                                {"expires", MomentOrNull(key.expires_ms)},
                                {"revoked", MomentOrNull(key.revoked_ms)}});
  }
  const json::object file{{"version", kVersion}, {"keys", std::move(list)}};
  TRY_VOID(MakeFolders(ApiKeysPath(workspace).parent_path(), 0700));
  return WriteFileAtomically(ApiKeysPath(workspace), json::serialize(file) + '\n', 0600);
}

}  // namespace understudy
