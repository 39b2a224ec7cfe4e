#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "base/ids.h"

namespace understudy {
namespace {

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status WriteAll(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(IoErrorFromErrno("cannot write " + name, errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return Fail(IoErrorFromErrno("cannot sync " + name, errno));
  return {};
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes) {
  // O_NONBLOCK: a named pipe without a writer must be refused, not waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Fail(IoError(path.string() + " is not a regular file"));
  }
  if (static_cast<uint64_t>(info.st_size) > max_bytes) {
    return Fail(IoError(fmt::format("{} has {} bytes, more than the {} allowed here", path.string(),
                                    info.st_size, max_bytes)));
  }
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(IoErrorFromErrno("cannot read " + path.string(), errno));
    if (got == 0) break;  // it shrank while we read
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<std::string> HashFile(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  struct stat info{};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = static_cast<size_t>(regular ? info.st_size : 0);
  void* bytes = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  const int reason = errno;
  ::close(fd);
  if (!regular) return Fail(IoError(path.string() + " is not a regular file"));
  if (bytes == MAP_FAILED) return Fail(IoErrorFromErrno("cannot map " + path.string(), reason));
  std::string hash = Sha256Hex({static_cast<const char*>(bytes), size});
  if (bytes) ::munmap(bytes, size);
  return hash;
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode) {
  static std::atomic<unsigned> serial{0};  // threads may write the same file at once
  const std::string beside =
      fmt::format("{}.tmp.{}.{}", path.string(), ::getpid(), serial.fetch_add(1));
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return Fail(IoErrorFromErrno("cannot create " + beside, errno));
    if (auto written = WriteAll(file.get(), bytes, beside); !written) {
      ::unlink(beside.c_str());
      return written;
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(beside.c_str());
    return Fail(IoErrorFromErrno("cannot publish " + path.string(), reason));
  }
  return {};
}

Status MakeFolders(const std::filesystem::path& path, unsigned mode) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_directory(path, ignored)) return {};
  TRY_VOID(MakeFolders(path.parent_path(), mode));
  if (::mkdir(path.c_str(), mode) == 0) return {};
  const int reason = errno;
  if (reason == EEXIST && std::filesystem::is_directory(path, ignored)) return {};
  return Fail(IoErrorFromErrno("cannot create folder " + path.string(), reason));
}

}  // namespace understudy
