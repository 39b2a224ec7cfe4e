// Runs a command line through the table of commands, in this process, and keeps what it printed.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/program.h"
#include "support/temp_folder.h"

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

}  // namespace understudy
