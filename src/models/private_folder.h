// A folder of our own for sockets and links: mode 0700, a short path (a socket's path may have 107
// bytes), gone with its owner. Folders that killed processes of this user left behind are swept up
// when a new one is made: each owner holds a lock in its folder, which the kernel drops at its end
// (process ids would not do: containers may share /tmp).
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace understudy {

class PrivateFolder {
 public:
  static Result<PrivateFolder> Make();
  PrivateFolder(PrivateFolder&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  PrivateFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_ = -1;  // descriptor of the locked file
};

}  // namespace understudy
