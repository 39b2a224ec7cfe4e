#include "models/private_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "understudy-run-";
constexpr size_t kLongestParent = 60;  // leaves room for the folder and a socket's name

fs::path Parent() {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);
  return error || folder.native().size() > kLongestParent ? fs::path("/tmp") : folder;
}

fs::path LockFile(const fs::path& folder) {
  return folder / "lock";
}

// Nobody holds the folder's lock. One without a lock file is just being made.
bool IsAbandoned(const fs::path& folder) {
  const int fd = ::open(LockFile(folder).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool locked_by_us = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  ::close(fd);
  return locked_by_us;
}

void SweepUp(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    struct stat info{};
    if (!entry.path().filename().native().starts_with(kPrefix) ||
        ::lstat(entry.path().c_str(), &info) != 0) {
      continue;
    }
    const bool is_ours = S_ISDIR(info.st_mode) && info.st_uid == ::geteuid();
    if (is_ours && IsAbandoned(entry.path())) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Result<PrivateFolder> PrivateFolder::Make() {
  const fs::path parent = Parent();
  SweepUp(parent);
  std::string pattern = (parent / fmt::format("{}{}-XXXXXX", kPrefix, ::getpid())).string();
  if (::mkdtemp(pattern.data()) == nullptr) {  // mode 0700
    return Fail(IoErrorFromErrno("cannot make a folder in " + parent.string(), errno));
  }
  const int lock = ::open(LockFile(pattern).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  PrivateFolder folder(pattern, lock);
  if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Fail(IoErrorFromErrno("cannot lock a folder in " + parent.string(), errno));
  }
  return folder;
}

PrivateFolder::~PrivateFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace understudy
