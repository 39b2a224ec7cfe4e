// Runs a command line through the table of commands, in this process, and keeps what it printed.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/program.h"

namespace understudy {

struct Ran {
  int code = 0;
  std::string out, err;
};

inline Ran RunCli(const std::vector<std::string>& args, int input = 0) {
  MemoryConsole console;
  console.input = input;
  const int code = RunProgram(args, console);
  return {code, console.out, console.err};
}

// A folder that goes with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "understudy-cli-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace understudy
