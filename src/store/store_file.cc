#include "store/store_file.h"

#include <chrono>
#include <thread>

#include "store/schema.h"

namespace understudy {
namespace {

constexpr int kSetUpAttempts = 100;
constexpr std::chrono::milliseconds kSetUpPause(20);

// WAL: readers and the one writer do not wait for each other. After a checkpoint the log is cut to
// 64 MB.
constexpr const char* kSetUp =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA cell_size_check = ON;";

// The change to WAL wants the file for itself and does not wait for it, as other statements do.
Status SetUp(Database& database) {
  for (int attempt = 0;; ++attempt) {
    const auto done = database.Execute(kSetUp);
    if (done || !done.error().retryable || attempt == kSetUpAttempts) return done;
    std::this_thread::sleep_for(kSetUpPause);
  }
}

}  // namespace

Result<std::unique_ptr<StoreFile>> StoreFile::Open(const std::filesystem::path& path) {
  auto file = std::make_unique<StoreFile>();
  TRY(file->database, Database::Open(path));
  Database& database = *file->database;
  TRY_VOID(PrepareSchema(database));
  TRY_VOID(SetUp(database));
  TRY(file->names, NameTable::Open(database, "name"));
  TRY(file->sessions, NameTable::Open(database, "session"));
  TRY(file->dictionaries, Dictionaries::Open(database));
  file->checkpointer = std::make_unique<Checkpointer>(database);
  return file;
}

}  // namespace understudy
