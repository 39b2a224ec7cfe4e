// One open SQLite store: the database and what its writer and its reader share.
#pragma once

#include <filesystem>
#include <memory>

#include "base/options.h"
#include "base/result.h"
#include "store/checkpointer.h"
#include "store/dictionaries.h"
#include "store/key_ring.h"
#include "store/name_table.h"
#include "store/sealed_codec.h"
#include "store/sqlite.h"

namespace understudy {

// kSealed: without the master key, for what stands beside the bodies; asked for a body it tries all
// the same.
enum class StoreAccess : uint8_t { kOpen, kSealed };

struct StoreFile {
  // Opens or creates, sets the connection up, brings the schema up to date.
  static Result<std::unique_ptr<StoreFile>> Open(const std::filesystem::path& path,
                                                 const StoreOptions& options = {},
                                                 StoreAccess access = StoreAccess::kOpen);

  // At the beginning of a transaction that writes: forgets what another process destroyed.
  Status Settle();
  // After a roll-back: numbers and keys that were given in it do not exist.
  void Forget();
  // Of the rows in use, in bytes; free pages do not count.
  Result<int64_t> UsedBytes();

  StoreOptions options;
  std::unique_ptr<Database> database;
  NameTable names, sessions;
  std::unique_ptr<KeyRing> keys;
  std::unique_ptr<Dictionaries> dictionaries;
  std::unique_ptr<SealedCodec> sealing;
  std::unique_ptr<Checkpointer> checkpointer;
  Statement used_bytes;
};

}  // namespace understudy
