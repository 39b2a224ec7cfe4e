// From a command line to an exit code: finds the command, parses its flags, runs it, and prints
// its error.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"

namespace understudy {

// `args` without the program's name. Prints help, results and errors on `console`.
int RunProgram(std::span<const std::string> args, Console& console);

// "understudy: what (where). how to mend", on standard error.
void PrintError(const Error& error, Console& console);

}  // namespace understudy
