// Lines of a file or of standard input, gzipped (RFC 1952) or plain, told apart by their first
// bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace understudy {

class LineReader {
 public:
  static constexpr size_t kMaxLineBytes = size_t{64} << 20;

  // `name` is a path, or "-" for the descriptor `standard_input` (which stays open).
  static Result<LineReader> Open(const std::string& name, int standard_input = 0);
  LineReader(LineReader&&) noexcept;
  ~LineReader();

  // The next line without its end (\n or \r\n); false at the end of the file. A line that is too
  // long is skipped and comes as kTooLarge; the next call goes on behind it. Anything else that
  // fails (disk, damaged gzip) does so for good: failed() tells.
  Result<bool> Next(std::string& line);
  bool failed() const;

  int64_t line_number() const;  // of the line that Next gave last, from 1
  int64_t bytes_read() const;   // of the file as it lies on the disk
  int64_t bytes_total() const;  // 0 where it is unknown (a pipe)

 private:
  struct Impl;
  explicit LineReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace understudy
