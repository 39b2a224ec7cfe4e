// A text file read line by line at any place, without holding it in memory.
//
// Reads go through pread and not through a memory map: a file that shrinks while it is in use
// then gives an error instead of SIGBUS, and the page cache serves both alike. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

class LineFile {
 public:
  struct Line {
    std::string_view text;  // without its newline; valid during the call
    uint64_t number = 0;    // from 1
    uint64_t offset = 0;    // of its first byte
  };

  static constexpr uint32_t kMaxLineBytes = 64U << 20;

  // Fails on anything but a readable regular file.
  static Result<LineFile> Open(const std::filesystem::path& path);
  LineFile(LineFile&& other) noexcept;
  LineFile& operator=(LineFile&&) = delete;
  ~LineFile();

  // Calls `visit` for every line that is not blank; a last line without newline counts too. Lines
  // over kMaxLineBytes go to `too_long` with empty text.
  Status ForEach(const std::function<void(const Line&)>& visit,
                 const std::function<void(const Line&)>& too_long) const;

  // `length` bytes from `offset`; kIo when the file is shorter by now.
  Result<std::string> Read(uint64_t offset, uint32_t length) const;

  uint64_t size() const { return size_; }  // when it was opened
  const std::string& name() const { return name_; }

 private:
  LineFile(int fd, uint64_t size, std::string name);

  int fd_;
  uint64_t size_;
  std::string name_;
};

}  // namespace understudy
