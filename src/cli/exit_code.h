// How the program ends. Scripts rely on these numbers: they are frozen, and docs/cli.md and
// `understudy --help` list them.
#pragma once

#include <string_view>

#include "base/error.h"

namespace understudy {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,        // it ran, and the result is bad or an operation failed
  kUsage = 2,         // wrong command line
  kConfig = 3,        // config.toml is missing or wrong, or a secret it names is not set
  kNotFound = 4,      // no such file, exchange, model or workspace
  kUnavailable = 5,   // cannot be reached, busy, or out of time; may work later
  kInterrupted = 130  // ended by SIGINT or SIGTERM before it was done
};

// The exit code that an error stands for.
ExitCode ExitCodeOf(const Error& error);

// An error of the command line or of the configuration, whatever its kind.
Error UsageError(std::string message);
Error AsConfigError(Error error);

// One line a code, for --help and the documentation.
std::string_view ExitCodeHelp();

}  // namespace understudy
