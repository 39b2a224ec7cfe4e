#include "flywheel/cluster/part_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace understudy {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;

}  // namespace

Status PartFiles::Add(const std::string& name, std::string_view line) {
  std::string& text = waiting_[name];
  text.append(line).push_back('\n');
  bytes_ += line.size() + 1;
  return bytes_ < kMostBytes ? Status() : Flush();
}

Status PartFiles::Flush() {
  for (auto& [name, text] : waiting_) TRY_VOID(Append(name, text));
  waiting_.clear();
  bytes_ = 0;
  return {};
}

Status PartFiles::Append(const std::string& name, const std::string& text) {
  const std::filesystem::path path = root_ / name;
  TRY_VOID(MakeFolders(path.parent_path(), 0700));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot create " + path.string(), errno));
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t wrote = ::write(fd, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int reason = errno;
      ::close(fd);
      return Fail(IoErrorFromErrno("cannot write " + path.string(), reason));
    }
    rest.remove_prefix(static_cast<size_t>(wrote));
  }
  ::close(fd);
  return {};
}

}  // namespace understudy
