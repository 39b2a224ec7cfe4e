#include "base/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr unsigned kBufferBytes = 1 << 18;

}  // namespace

struct LineReader::Impl {
  ~Impl() {
    if (file) gzclose(file);
  }

  // More decompressed bytes; false at the end.
  Result<bool> Fill() {
    const int got = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    int code = Z_OK;
    const char* message = gzerror(file, &code);
    if (got < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR) {
      broken = true;
      const std::string_view why = code == Z_ERRNO ? std::strerror(errno) : message;
      return Fail(IoError(fmt::format("cannot read on: {}",
                                      code == Z_BUF_ERROR ? "the gzip data ends too early" : why))
                      .At(fmt::format("{}, after line {}", name, line)));
    }
    at = 0;
    filled = static_cast<size_t>(got);
    return got > 0;
  }

  // Appends up to the end of the line; true once it was there.
  bool TakeLine(std::string& out) {
    const char* begin = buffer.data() + at;
    const void* end = std::memchr(begin, '\n', filled - at);
    const size_t length =
        end ? static_cast<size_t>(static_cast<const char*>(end) - begin) : filled - at;
    if (out.size() + length > kMaxLineBytes) too_long = true;
    if (!too_long) out.append(begin, length);
    at += length + (end ? 1 : 0);
    return end != nullptr;
  }

  std::string name;
  gzFile file = nullptr;
  std::vector<char> buffer = std::vector<char>(kBufferBytes);
  size_t at = 0, filled = 0;
  int64_t line = 0, total = 0;
  bool too_long = false, broken = false;
};

LineReader::LineReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

Result<LineReader> LineReader::Open(const std::string& name, int standard_input) {
  const bool standard = name == "-";
  const int fd =
      standard ? ::dup(standard_input) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && errno == ENOENT) return Fail(NotFound("there is no file " + name));
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + name, errno));
  struct stat info{};
  if (::fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    ::close(fd);
    return Fail(IoError(name + " is a folder").Mend("Name the files in it."));
  }
  auto impl = std::make_unique<Impl>();
  impl->name = standard ? "standard input" : name;
  impl->total = S_ISREG(info.st_mode) ? info.st_size : 0;
  impl->file = gzdopen(fd, "rb");
  if (!impl->file) {
    ::close(fd);
    return Fail(IoError("cannot read " + name + ": out of memory"));
  }
  gzbuffer(impl->file, kBufferBytes);
  return LineReader(std::move(impl));
}

Result<bool> LineReader::Next(std::string& line) {
  Impl& in = *impl_;
  line.clear();
  in.too_long = false;
  bool any = false, ended = false;
  while (!ended) {
    if (in.at == in.filled) {
      TRY(const bool more, in.Fill());
      if (!more) break;
    }
    any = true;
    ended = in.TakeLine(line);
  }
  if (!any) return false;
  ++in.line;
  if (line.ends_with('\r')) line.pop_back();
  if (!in.too_long) return true;
  Error error = InvalidInput(fmt::format("the line is longer than {} bytes", kMaxLineBytes));
  error.kind = ErrorKind::kTooLarge;
  return Fail(std::move(error));
}

bool LineReader::failed() const {
  return impl_->broken;
}
int64_t LineReader::line_number() const {
  return impl_->line;
}
int64_t LineReader::bytes_read() const {
  return std::max<int64_t>(0, gzoffset(impl_->file));
}
int64_t LineReader::bytes_total() const {
  return impl_->total;
}

}  // namespace understudy
