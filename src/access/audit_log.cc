#include "access/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "access/file_lock.h"
#include "base/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

Error Unsound(std::string_view what, const fs::path& path) {
  return IoError(std::string(what))
      .At(path.string())
      .Mend(
          "understudy audit verify says what was done to it. Keep the folder audit as evidence "
          "elsewhere; moved away, a new log begins.");
}

// The last lines of the file, as far as one can reach.
Result<std::string> ReadTail(int fd, const fs::path& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return Fail(IoErrorFromErrno("cannot read " + path.string(), errno));
  const off_t begin = std::max<off_t>(0, info.st_size - off_t{2 * kMaxAuditLineBytes});
  std::string tail(static_cast<size_t>(info.st_size - begin), '\0');
  size_t filled = 0;
  while (filled < tail.size()) {
    const ssize_t got =
        ::pread(fd, tail.data() + filled, tail.size() - filled, begin + static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Fail(IoErrorFromErrno("cannot read " + path.string(), errno));
    filled += static_cast<size_t>(got);
  }
  return tail;
}

// Takes off what stands behind the last newline.
Status CutUnfinished(int fd, const fs::path& path, std::string& tail) {
  const size_t end = tail.rfind('\n');
  const size_t unfinished = tail.size() - (end == std::string::npos ? 0 : end + 1);
  if (unfinished == 0) return {};
  struct stat info{};
  if (::fstat(fd, &info) != 0 || ::ftruncate(fd, info.st_size - off_t(unfinished)) != 0) {
    return Fail(IoErrorFromErrno("cannot mend " + path.string(), errno));
  }
  tail.resize(tail.size() - unfinished);
  return {};
}

// The last line; number 0 where there is none.
Result<AuditEntry> LastEntry(std::string_view tail, std::string_view key, const fs::path& path) {
  if (tail.empty()) return AuditEntry();
  tail.remove_suffix(1);
  const size_t before = tail.rfind('\n');
  const std::string_view line = before == std::string_view::npos ? tail : tail.substr(before + 1);
  auto entry = ParseAuditLine(line);
  if (entry && IsAuditMacRight(line, key)) return entry;
  return Fail(Unsound("the last line of the audit log was altered", path));
}

// The head that is kept beside the log never runs ahead of it, unless lines were taken away.
Status CheckHead(const fs::path& head_path, const AuditEntry& last, std::string_view key,
                 const fs::path& path) {
  std::error_code unknown;
  if (!fs::exists(head_path, unknown) && !unknown) return {};
  TRY(const std::string text, ReadFile(head_path, 4096));
  const auto value = ParseJson(text);
  const auto head = value ? ReadHead(*value, key) : Result<AuditHead>(Fail(value.error()));
  if (!head) return Fail(Unsound(head.error().message, head_path));
  if (head->number < last.number) return {};
  if (head->number == last.number && head->mac == last.mac) return {};
  return Fail(Unsound(fmt::format("the audit log ends at line {}, and was {} lines long",
                                  last.number, head->number),
                      path));
}

Status WriteLine(int fd, std::string_view line, const fs::path& path) {
  while (!line.empty()) {
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(IoErrorFromErrno("cannot write " + path.string(), errno));
    line.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return Fail(IoErrorFromErrno("cannot sync " + path.string(), errno));
  return {};
}

}  // namespace

Status AppendAudit(const fs::path& workspace, std::string_view writer, const AuditEvent& event,
                   int64_t at_ms) {
  TRY(const std::string key, LoadAuditKey(workspace));
  TRY_VOID(MakeFolders(AuditFolder(workspace), 0700));
  const fs::path path = AuditLogPath(workspace, writer);
  const fs::path head_path = AuditHeadPath(workspace, writer);
  TRY(const FileLock lock, FileLock::Wait(path, O_RDWR | O_APPEND));
  TRY(std::string tail, ReadTail(lock.fd(), path));
  TRY_VOID(CutUnfinished(lock.fd(), path, tail));
  TRY(const AuditEntry last, LastEntry(tail, key, path));
  TRY_VOID(CheckHead(head_path, last, key, path));
  AuditEntry entry;
  entry.number = last.number + 1;
  entry.at_ms = at_ms;
  entry.writer = writer;
  entry.actor = event.actor;
  entry.role = event.role;
  entry.action = event.action;
  entry.object = event.object;
  entry.detail = event.detail;
  entry.previous = last.number == 0 ? AuditGenesis(key, writer) : last.mac;
  const std::string line = FormatAuditLine(entry, key);
  TRY_VOID(WriteLine(lock.fd(), line, path));
  const AuditHead head{entry.writer, entry.number, entry.mac};
  return WriteFileAtomically(head_path, json::serialize(HeadJson(head, key)) + '\n', 0600);
}

}  // namespace understudy
