// Completion scripts, generated from the table of commands and their CLI11 apps, so that they
// cannot fall behind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace understudy {

enum class ValueKind : uint8_t { kNone, kAny, kFile, kFolder, kChoice, kCommand };

struct CompletionFlag {
  std::vector<std::string> names;  // "--limit", "-n"
  std::string help;
  ValueKind value = ValueKind::kNone;
  std::vector<std::string> choices;  // for kChoice
};

// One node of the tree of commands.
struct CompletionNode {
  std::string path;  // "" for the program, else "/models/add"
  std::vector<std::pair<std::string, std::string>> commands;  // name, help
  std::vector<CompletionFlag> flags;
  CompletionFlag positional;  // what its arguments are; kNone where it takes none
};

// All nodes, the program first, parents before children.
std::vector<CompletionNode> CompletionTree();

std::string BashCompletion(const std::vector<CompletionNode>& tree);
std::string ZshCompletion(const std::vector<CompletionNode>& tree);
std::string FishCompletion(const std::vector<CompletionNode>& tree);

}  // namespace understudy
