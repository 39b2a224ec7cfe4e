// What is wrong with a config, all of it: collected while reading and checking, told at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"
#include "base/result.h"

namespace understudy {

class ConfigProblems {
 public:
  explicit ConfigProblems(std::string_view file_name) : file_name_(file_name) {}

  // Remembers where `path` ("models[0].url") was written.
  void Seen(const std::string& path, uint32_t line) { lines_[path] = line; }
  // `text` says what was expected; a key that was not written takes the line of its table.
  void Add(std::string_view path, std::string_view text);

  // The error with one line a problem, in the file's order; or success.
  Status ToStatus() const;

 private:
  uint32_t LineOf(std::string path) const;

  std::string file_name_;
  std::map<std::string, uint32_t> lines_;
  std::vector<std::pair<uint32_t, std::string>> problems_;
};

// What no single key can tell: names that must exist, keys that need each other, secrets that
// must not stand in a file, and a server that must not be open to the world.
void CheckOptions(const Options& options, ConfigProblems& problems);

}  // namespace understudy
