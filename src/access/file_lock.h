// The right to change a file that several processes share, held until it goes out of scope. A lock
// of the open file, not of the process: it also holds between two threads of one.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace understudy {

class FileLock {
 public:
  // Opens or makes the file (0600) and waits its turn.
  static Result<FileLock> Wait(const std::filesystem::path& path, int flags);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();
  int fd() const { return fd_; }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace understudy
