#include "models/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;

// At most `want` bytes; fewer only at the file's end.
Result<size_t> ReadAt(int fd, char* into, size_t want, uint64_t offset, const std::string& name) {
  size_t filled = 0;
  while (filled < want) {
    const ssize_t got =
        ::pread(fd, into + filled, want - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(IoErrorFromErrno("cannot read " + name, errno));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

// Cuts a growing buffer into lines.
class Splitter {
 public:
  using Visit = std::function<void(const LineFile::Line&)>;
  Splitter(const Visit& visit, const Visit& too_long) : visit_(visit), too_long_(too_long) {}

  void Feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      Append(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      EndLine(1);
      bytes.remove_prefix(end + 1);
    }
  }
  void Finish() { EndLine(0); }

 private:
  void Append(std::string_view piece) {
    length_ += piece.size();
    if (length_ <= LineFile::kMaxLineBytes) kept_ += piece;
  }

  void EndLine(size_t newline_bytes) {
    ++line_.number;
    line_.text = kept_;
    if (length_ > LineFile::kMaxLineBytes) {
      line_.text = {};
      too_long_(line_);
    } else if (line_.text.find_first_not_of(" \t\r") != std::string_view::npos) {
      visit_(line_);
    }
    line_.offset += length_ + newline_bytes;
    length_ = 0;
    kept_.clear();
  }

  const Visit& visit_;
  const Visit& too_long_;
  LineFile::Line line_;
  uint64_t length_ = 0;
  std::string kept_;
};

}  // namespace

Result<LineFile> LineFile::Open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  struct stat info{};
  LineFile file(fd, 0, path.string());
  if (::fstat(fd, &info) != 0) return Fail(IoErrorFromErrno("cannot read " + file.name_, errno));
  if (!S_ISREG(info.st_mode)) return Fail(IoError(file.name_ + " is not a regular file"));
  file.size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

LineFile::LineFile(int fd, uint64_t size, std::string name)
    : fd_(fd), size_(size), name_(std::move(name)) {}

LineFile::LineFile(LineFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), name_(std::move(other.name_)) {}

LineFile::~LineFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status LineFile::ForEach(const std::function<void(const Line&)>& visit,
                         const std::function<void(const Line&)>& too_long) const {
  std::string block(kBlockBytes, '\0');
  Splitter splitter(visit, too_long);
  for (uint64_t offset = 0; offset < size_;) {
    TRY(const size_t got, ReadAt(fd_, block.data(), block.size(), offset, name_));
    if (got == 0) break;
    splitter.Feed(std::string_view(block).substr(0, got));
    offset += got;
  }
  splitter.Finish();
  return {};
}

Result<std::string> LineFile::Read(uint64_t offset, uint32_t length) const {
  std::string text(length, '\0');
  TRY(const size_t got, ReadAt(fd_, text.data(), text.size(), offset, name_));
  if (got == length) return text;
  return Fail(IoError(name_ + " became shorter while in use")
                  .Mend("Publish a new recording by rename, then reload the configuration"));
}

}  // namespace understudy
