#include "access/key_book.h"

#include <fcntl.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"

namespace understudy {
namespace {

bool IsOfConfig(const Options& options, std::string_view name) {
  return std::ranges::any_of(options.auth.api_keys, [&](const std::string& entry) {
    return std::string_view(entry).substr(0, entry.rfind(':')) == name;
  });
}

}  // namespace

Result<KeyBook> KeyBook::Open(const Options& options) {
  const auto folder = ApiKeysPath(options.workspace).parent_path();
  TRY_VOID(MakeFolders(folder, 0700));
  TRY(FileLock lock, FileLock::Wait(folder / "api-keys.lock", O_RDWR));
  KeyBook book(std::move(lock), options);
  TRY(book.keys_, LoadApiKeys(options.workspace));
  return book;
}

MadeKey KeyBook::Make(std::string_view name, KeyRole role, int64_t now_ms, int64_t expires_ms) {
  MadeKey made;
  made.secret = NewApiKey();
  made.key.id = "key_" + ToHex(RandomBytes(4));
  made.key.name = name;
  made.key.role = role;
  made.key.sha256 = Sha256Hex(made.secret);
  made.key.created_ms = now_ms;
  made.key.expires_ms = expires_ms;
  keys_.push_back(made.key);
  return made;
}

Result<MadeKey> KeyBook::Create(std::string_view name, KeyRole role, int64_t now_ms,
                                int64_t expires_ms) {
  if (!IsApiKeyName(name)) {
    return Fail(InvalidInput("a key's name is 1 to 64 of A-Z a-z 0-9 . _ -"));
  }
  const bool taken = std::ranges::any_of(
      keys_, [&](const ApiKey& key) { return key.name == name && key.ValidAt(now_ms); });
  if (taken || IsOfConfig(options_, name)) {
    return Fail(InvalidInput(fmt::format("there is a key named {} already", name))
                    .Mend("Choose another name, or give it a new secret with understudy keys "
                          "rotate."));
  }
  if (expires_ms != 0 && expires_ms <= now_ms) {
    return Fail(InvalidInput("the key would have expired already"));
  }
  return Make(name, role, now_ms, expires_ms);
}

Result<size_t> KeyBook::Locate(std::string_view id_or_name, int64_t now_ms) const {
  for (size_t i = keys_.size(); i-- > 0;) {  // the newest, where a rotated one is still valid
    const bool named = keys_[i].name == id_or_name && keys_[i].ValidAt(now_ms);
    if (named || keys_[i].id == id_or_name) return i;
  }
  if (IsOfConfig(options_, id_or_name)) {
    return Fail(InvalidInput(fmt::format("the key {} stands in config.toml", id_or_name))
                    .At("auth.api_keys")
                    .Mend("Take its line out there; understudy keys create makes another."));
  }
  return Fail(NotFound(fmt::format("there is no valid key {}", id_or_name))
                  .At(ApiKeysPath(options_.workspace).string())
                  .Mend("understudy keys list shows their names and ids."));
}

Result<ApiKey> KeyBook::Revoke(std::string_view id_or_name, int64_t now_ms) {
  TRY(const size_t index, Locate(id_or_name, now_ms));
  for (ApiKey& key : keys_) {  // a name means all of it: one that was rotated away, too
    const bool named = key.name == id_or_name && key.ValidAt(now_ms);
    if (named || key.id == id_or_name) key.revoked_ms = key.revoked_ms ? key.revoked_ms : now_ms;
  }
  return keys_[index];
}

Result<MadeKey> KeyBook::Rotate(std::string_view id_or_name, int64_t now_ms, int64_t grace_ms) {
  TRY(const size_t index, Locate(id_or_name, now_ms));
  ApiKey& old = keys_[index];
  if (!old.ValidAt(now_ms)) {
    return Fail(InvalidInput(fmt::format("the key {} is not valid any more", old.id))
                    .Mend("understudy keys create makes a new one."));
  }
  const int64_t expires_ms = old.expires_ms == 0 ? 0 : now_ms + (old.expires_ms - old.created_ms);
  if (grace_ms > 0) {
    const int64_t end_ms = now_ms + grace_ms;
    old.expires_ms = old.expires_ms == 0 ? end_ms : std::min(old.expires_ms, end_ms);
  } else {
    old.revoked_ms = now_ms;
  }
  const std::string name = old.name;
  const KeyRole role = old.role;
  return Make(name, role, now_ms, expires_ms);  // `old` is gone: the list grows
}

Status KeyBook::Save() {
  return SaveApiKeys(options_.workspace, keys_);
}

}  // namespace understudy
