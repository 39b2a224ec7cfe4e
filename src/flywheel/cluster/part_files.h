// Many files that grow line by line, more than a process may hold open: lines wait in memory, 16 MB
// of them at most, and are appended when that is full.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

class PartFiles {
 public:
  // Under `root`, whose files must not be there yet; readable by their owner alone.
  explicit PartFiles(std::filesystem::path root) : root_(std::move(root)) {}

  // `name` may have folders; they are made.
  Status Add(const std::string& name, std::string_view line);
  Status Flush();

 private:
  Status Append(const std::string& name, const std::string& text);

  std::filesystem::path root_;
  std::map<std::string, std::string> waiting_;
  size_t bytes_ = 0;
};

}  // namespace understudy
