#include "store/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "store/erase.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

std::string Quoted(const fs::path& path) {
  std::string quoted = "'";
  for (const char c : path.string()) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

Status Synced(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) return Fail(IoErrorFromErrno("cannot sync " + path.string(), reason));
  return {};
}

Status Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return Fail(IoErrorFromErrno("cannot rename " + from.string(), errno));
}

void RemoveAll(const fs::path& store) {
  std::error_code ignored;
  for (const char* end : {"", "-wal", "-shm", "-erasures"}) {
    fs::remove(store.string() + end, ignored);
  }
}

// The log and its index go with the file: a log beside another file would be taken for its own.
Status MoveAside(const fs::path& store, const fs::path& to) {
  RemoveAll(to);
  for (const char* end : {"-shm", "-wal", ""}) {
    std::error_code missing;
    if (!fs::exists(store.string() + end, missing)) continue;
    TRY_VOID(Rename(store.string() + end, to.string() + end));
  }
  return {};
}

// A copy with every erasure that the list or the present store knows.
Result<int64_t> Prepare(const fs::path& copy, const fs::path& next, const fs::path& store,
                        const StoreOptions& options) {
  std::error_code failed;
  fs::copy_file(copy, next, failed);
  if (failed) return Fail(IoError("cannot copy " + copy.string() + ": " + failed.message()));
  ::chmod(next.c_str(), 0600);
  if (fs::exists(ErasureListPath(store), failed)) {
    fs::copy_file(ErasureListPath(store), ErasureListPath(next), failed);
    if (failed) return Fail(IoError("cannot copy the list of erasures: " + failed.message()));
  }
  int64_t before = 0;
  {
    TRY(auto file, StoreFile::Open(next, options));
    TRY(before, file->database->Number("SELECT count(*) FROM exchange"));
    TRY_VOID(ApplyErasures(*file));
    TRY(const int64_t after, file->database->Number("SELECT count(*) FROM exchange"));
    before -= after;
    TRY_VOID(file->database->CutLog());
  }
  TRY_VOID(Synced(next));
  return before;
}

}  // namespace

Status BackupStore(StoreFile& file, const fs::path& to) {
  const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return Fail(InvalidInput("there is a file of that name")
                    .At(to.string())
                    .Mend("Name another one; a copy is never overwritten."));
  }
  if (fd < 0) return Fail(IoErrorFromErrno("cannot create " + to.string(), errno));
  ::close(fd);
  const Status copied = file.database->Execute("VACUUM INTO " + Quoted(to));
  if (!copied) {
    ::unlink(to.c_str());
    return copied;
  }
  return Synced(to);
}

Result<Restored> RestoreStore(const fs::path& copy, const fs::path& store,
                              const StoreOptions& options) {
  std::error_code missing;
  if (!fs::is_regular_file(copy, missing)) {
    return Fail(NotFound("there is no such copy").At(copy.string()));
  }
  const fs::path next = store.string() + ".restoring";
  RemoveAll(next);
  const auto erased = Prepare(copy, next, store, options);
  if (!erased) {
    RemoveAll(next);
    return Fail(erased.error());
  }
  Restored restored{.erased = *erased};
  {
    TRY(const auto file, StoreFile::Open(next, options));
    TRY(restored.exchanges, file->database->Number("SELECT count(*) FROM exchange"));
  }
  if (fs::exists(store, missing)) {
    restored.replaced = store.string() + ".replaced";
    TRY_VOID(MoveAside(store, restored.replaced));
  }
  TRY_VOID(Rename(next, store));
  RemoveAll(next);
  return restored;
}

}  // namespace understudy
