// How --help looks, for the program, for groups of commands and for commands.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"

namespace understudy {

// The program's page: its commands, exit codes and environment.
std::string ProgramHelp();

// The page of a command that has subcommands.
std::string GroupHelp(const Found& found);

// Sets up `app` to answer -h and --help with our page: usage, what it does, arguments, options,
// and the app's footer as the example.
void UseOurHelp(CLI::App& app);

}  // namespace understudy
