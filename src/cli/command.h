// What a subcommand is. The table of them, the product's table of contents, is in commands.cc.
//
// A command has two halves. `define` declares flags and checks on a CLI11 app, bound to a struct
// of its own, and returns the Action that does the work with what was parsed. Help texts and shell
// completion come from the first half alone.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/console.h"
#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace understudy {

using Action = std::function<Result<ExitCode>(Console&)>;

// Either `define` is set, or `subcommands` is not empty.
struct Command {
  std::string_view name;
  std::string_view help;  // one line, for the list of commands
  Action (*define)(CLI::App& app) = nullptr;
  std::span<const Command> subcommands = {};
};

std::span<const Command> Commands();

// What the words of a command line lead to.
struct Found {
  const Command* command = nullptr;  // null: the program itself
  std::string path = "understudy";   // "understudy models add"
  size_t words = 0;                  // how many were used
};

// Follows the words as far as they name commands.
Found FindCommand(std::span<const std::string> words);

}  // namespace understudy
