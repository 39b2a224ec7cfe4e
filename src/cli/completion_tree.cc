#include <CLI/CLI.hpp>

#include "cli/completion.h"

namespace understudy {
namespace {

// A check made by CLI::IsMember describes itself as "{a,b,c}".
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

// What to offer follows from the value's name in the help text.
ValueKind KindOf(const CLI::Option& option, const std::vector<std::string>& choices) {
  if (option.get_expected_max() == 0) return ValueKind::kNone;
  if (!choices.empty()) return ValueKind::kChoice;
  const std::string name =
      option.get_positional() ? option.get_name(true) : option.get_option_text();
  if (name == "DIR") return ValueKind::kFolder;
  if (name == "FILE") return ValueKind::kFile;
  if (name == "COMMAND") return ValueKind::kCommand;
  return ValueKind::kAny;
}

CompletionFlag FlagOf(const CLI::Option& option) {
  CompletionFlag flag;
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  flag.help = option.get_description();
  flag.choices = ChoicesOf(option);
  flag.value = KindOf(option, flag.choices);
  return flag;
}

void AddApp(const Command& command, CompletionNode& node) {
  CLI::App app;
  app.set_help_flag("-h,--help", "show help");
  command.define(app);
  if (app.get_prefix_command()) node.positional.value = ValueKind::kCommand;
  for (const CLI::Option* option : app.get_options()) {
    CompletionFlag flag = FlagOf(*option);
    if (option->get_positional()) {
      node.positional = std::move(flag);
    } else {
      node.flags.push_back(std::move(flag));
    }
  }
}

void AddCommands(std::span<const Command> commands, CompletionNode parent,
                 std::vector<CompletionNode>& tree) {
  for (const Command& command : commands) {
    parent.commands.emplace_back(command.name, command.help);
  }
  parent.flags.push_back({{"--help", "-h"}, "show help"});
  if (parent.path.empty()) parent.flags.push_back({{"--version"}, "print the version"});
  tree.push_back(parent);
  for (const Command& command : commands) {
    CompletionNode node;
    node.path = fmt::format("{}/{}", parent.path, command.name);
    if (command.define) {
      AddApp(command, node);
      tree.push_back(std::move(node));
    } else {
      AddCommands(command.subcommands, std::move(node), tree);
    }
  }
}

}  // namespace

std::vector<CompletionNode> CompletionTree() {
  std::vector<CompletionNode> tree;
  AddCommands(Commands(), {}, tree);
  return tree;
}

}  // namespace understudy
