// Lines that wait on the disk until it is known where they go.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace understudy {

class SpoolFile {
 public:
  // A new file, readable by its owner alone.
  static Result<SpoolFile> Create(const std::filesystem::path& path);

  Status Write(std::string_view line);
  Status Flush();
  // From the first line on; call Flush before. The line without its end; false behind the last.
  Status Rewind();
  Result<bool> Read(std::string& line);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  SpoolFile(std::filesystem::path path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  Error Wrong(std::string_view what) const;

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace understudy
