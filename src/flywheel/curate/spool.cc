#include "flywheel/curate/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace understudy {

Error SpoolFile::Wrong(std::string_view what) const {
  return IoErrorFromErrno(fmt::format("cannot {} {}", what, path_.string()), errno);
}

Result<SpoolFile> SpoolFile::Create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "w+");
  if (!file) {
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    return Fail(IoErrorFromErrno("cannot create " + path.string(), reason));
  }
  return SpoolFile(path, file);
}

Status SpoolFile::Write(std::string_view line) {
  std::FILE* file = file_.get();
  const bool written = std::fwrite(line.data(), 1, line.size(), file) == line.size();
  if (!written || std::fputc('\n', file) == EOF) return Fail(Wrong("write"));
  return {};
}

Status SpoolFile::Flush() {
  if (std::fflush(file_.get()) != 0) return Fail(Wrong("write"));
  return {};
}

Status SpoolFile::Rewind() {
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return Fail(Wrong("read"));
  return {};
}

Result<bool> SpoolFile::Read(std::string& line) {
  char* bytes = nullptr;
  size_t room = 0;
  errno = 0;
  const ssize_t got = ::getline(&bytes, &room, file_.get());
  const std::unique_ptr<char, void (*)(void*)> owned(bytes, std::free);
  if (got < 0 && std::ferror(file_.get())) return Fail(Wrong("read"));
  if (got <= 0) return false;
  line.assign(bytes, static_cast<size_t>(got) - (bytes[got - 1] == '\n'));
  return true;
}

}  // namespace understudy
