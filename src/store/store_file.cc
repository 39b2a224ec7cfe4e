#include "store/store_file.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "store/schema.h"

namespace understudy {
namespace {

constexpr int kSetUpAttempts = 100;
constexpr std::chrono::milliseconds kSetUpPause(20);

// WAL: readers and the one writer do not wait for each other. After a checkpoint the log is cut to
// 64 MB. What is deleted is overwritten.
constexpr const char* kSetUp =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA cell_size_check = ON;";

constexpr const char* kUsedBytes =
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
    "pragma_freelist_count, pragma_page_size";

// The change to WAL wants the file for itself and does not wait for it, as other statements do.
Status SetUp(Database& database) {
  for (int attempt = 0;; ++attempt) {
    const auto done = database.Execute(kSetUp);
    if (done || !done.error().retryable || attempt == kSetUpAttempts) return done;
    std::this_thread::sleep_for(kSetUpPause);
  }
}

}  // namespace

Result<std::unique_ptr<StoreFile>> StoreFile::Open(const std::filesystem::path& path,
                                                   const StoreOptions& options,
                                                   StoreAccess access) {
  auto file = std::make_unique<StoreFile>();
  file->options = options;
  TRY(file->database, Database::Open(path));
  Database& database = *file->database;
  TRY_VOID(PrepareSchema(database));
  TRY_VOID(SetUp(database));
  TRY(file->names, NameTable::Open(database, "name"));
  TRY(file->sessions, NameTable::Open(database, "session"));
  TRY(file->keys, KeyRing::Open(database, file->names, options, path.parent_path()));
  if (access == StoreAccess::kOpen) TRY_VOID(file->keys->Unlock());
  TRY(file->dictionaries, Dictionaries::Open(database, *file->keys));
  file->sealing = std::make_unique<SealedCodec>(*file->keys);
  TRY(file->used_bytes, database.Prepare(kUsedBytes));
  file->checkpointer = std::make_unique<Checkpointer>(database);
  return file;
}

Status StoreFile::Settle() {
  TRY(const bool outdated, keys->Outdated());
  if (!outdated) return {};
  TRY_VOID(keys->Settle());
  names.Forget();
  sessions.Forget();
  TRY_VOID(keys->Unlock());
  return dictionaries->Reload();
}

void StoreFile::Forget() {
  names.Forget();
  sessions.Forget();
  keys->Forget();
}

Result<int64_t> StoreFile::UsedBytes() {
  TRY([[maybe_unused]] const bool row, used_bytes.Step());
  const int64_t bytes = used_bytes.Number(0);
  used_bytes.Reset();
  return bytes;
}

}  // namespace understudy
