// What a program prints, for a master key that a key service holds.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace understudy {

// Runs `sh -c line` with our environment and standard error, and returns what it wrote to standard
// output, 4 KiB at most. It is ended after `patience`. kNotFound: there is no such program; kIo: it
// failed; kTimeout: it took too long. Never puts what it printed into an error.
Result<std::string> OutputOfKeyCommand(const std::string& line, std::chrono::milliseconds patience);

}  // namespace understudy
