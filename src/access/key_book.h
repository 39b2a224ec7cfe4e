// Changes of keys/api-keys.json: one at a time, whatever process makes them.
//
//   TRY(auto book, KeyBook::Open(options));      // waits for whoever is at it
//   TRY(const MadeKey made, book.Create("dashboard", KeyRole::kViewer, now_ms, 0));
//   TRY_VOID(book.Save());                       // until then nothing has changed
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/api_key.h"
#include "access/file_lock.h"
#include "base/options.h"
#include "base/result.h"

namespace understudy {

struct MadeKey {
  ApiKey key;
  std::string secret;  // shown once, kept nowhere
};

class KeyBook {
 public:
  // The names in auth.api_keys are taken.
  static Result<KeyBook> Open(const Options& options);

  // `expires_ms` 0: never. kInvalidInput where the name is not one, or a valid key has it.
  Result<MadeKey> Create(std::string_view name, KeyRole role, int64_t now_ms, int64_t expires_ms);
  // By id, or by the name of a valid key (then of all that are valid). kNotFound; kInvalidInput
  // for keys of config.toml.
  Result<ApiKey> Revoke(std::string_view id_or_name, int64_t now_ms);
  // A new secret under the same name and role. The old one ends now, or `grace_ms` from now. The
  // new one lives as long as the old one was made for.
  Result<MadeKey> Rotate(std::string_view id_or_name, int64_t now_ms, int64_t grace_ms);
  Status Save();

  const std::vector<ApiKey>& keys() const { return keys_; }

 private:
  KeyBook(FileLock lock, const Options& options) : lock_(std::move(lock)), options_(options) {}
  Result<size_t> Locate(std::string_view id_or_name, int64_t now_ms) const;
  MadeKey Make(std::string_view name, KeyRole role, int64_t now_ms, int64_t expires_ms);

  FileLock lock_;
  const Options& options_;
  std::vector<ApiKey> keys_;
};

}  // namespace understudy
