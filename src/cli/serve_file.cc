#include "cli/serve_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

fs::path InfoPath(const fs::path& workspace) {
  return workspace / "run" / "serve.json";
}
fs::path LockPath(const fs::path& workspace) {
  return workspace / "run" / "serve.lock";
}

struct flock WholeFile() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Locks of the open file, not of the process (fcntl(2), "Open file description locks"): they end
// with the descriptor, and also hold between two parts of one process.
bool IsLocked(const fs::path& workspace) {
  const int fd = ::open(LockPath(workspace).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock lock = WholeFile();
  const bool locked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  return locked;
}

std::optional<ServeInfo> ReadInfo(const fs::path& workspace) {
  const auto text = ReadFile(InfoPath(workspace), 1 << 16);
  const auto value = text ? ParseJson(*text) : Fail(text.error());
  if (!value) return std::nullopt;
  ServeInfo info{IntOr(*value, "pid", 0), std::string(StringOr(*value, "url")),
                 IntOr(*value, "started_ms", 0)};
  if (info.pid <= 0 || info.url.empty()) return std::nullopt;
  return info;
}

Error AlreadyServed(const fs::path& workspace) {
  const auto info = ReadInfo(workspace);
  const std::string who = info ? fmt::format(" by process {} at {} since {}", info->pid, info->url,
                                             FormatWallMs(info->started_ms))
                               : std::string();
  Error error = Unavailable("this workspace is served already" + who);
  error.mend = info ? fmt::format("Use that one, or end it first: kill {}", info->pid)
                    : "Wait for it, or end it first.";
  return std::move(error).At(workspace.string());
}

}  // namespace

std::optional<ServeInfo> FindServe(const fs::path& workspace) {
  if (!IsLocked(workspace)) return std::nullopt;
  return ReadInfo(workspace);
}

Result<ServeLock> ServeLock::Take(const fs::path& workspace) {
  TRY_VOID(MakeFolders(LockPath(workspace).parent_path(), 0700));
  const std::string path = LockPath(workspace).string();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + path, errno));
  struct flock lock = WholeFile();
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return ServeLock(fd, workspace);
  const int reason = errno;
  ::close(fd);
  if (reason == EAGAIN || reason == EACCES) return Fail(AlreadyServed(workspace));
  return Fail(IoErrorFromErrno("cannot lock " + path, reason));
}

ServeLock::ServeLock(int fd, fs::path workspace) : fd_(fd), workspace_(std::move(workspace)) {
  ::unlink(InfoPath(workspace_).c_str());  // of one that was killed
}

ServeLock::ServeLock(ServeLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), workspace_(std::move(other.workspace_)) {}

ServeLock::~ServeLock() {
  if (fd_ < 0) return;
  Remove();
  ::close(fd_);
}

void ServeLock::Remove() {
  ::unlink(InfoPath(workspace_).c_str());
}

Status ServeLock::Publish(const ServeInfo& info) {
  const json::object value{{"pid", info.pid}, {"url", info.url}, {"started_ms", info.started_ms}};
  return WriteFileAtomically(InfoPath(workspace_), json::serialize(value) + '\n', 0600);
}

}  // namespace understudy
