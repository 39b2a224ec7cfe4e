#include "cli/help.h"

#include <CLI/CLI.hpp>

#include "cli/exit_code.h"

namespace understudy {
namespace {

constexpr size_t kColumn = 26;  // where descriptions begin
constexpr size_t kWidth = 98;

// "  left        right", with `right` wrapped at kWidth and indented under itself.
std::string Row(std::string_view left, std::string_view right) {
  std::string out = fmt::format("  {:<{}}", left, kColumn - 3);
  if (out.size() >= kColumn) out += '\n' + std::string(kColumn - 1, ' ');
  size_t column = kColumn - 1;
  while (!right.empty()) {
    const std::string_view word = right.substr(0, right.find(' '));
    right.remove_prefix(std::min(word.size() + 1, right.size()));
    if (column + 1 + word.size() > kWidth) {
      out += '\n' + std::string(kColumn - 1, ' ');
      column = kColumn - 1;
    }
    out += fmt::format(" {}", word);
    column += 1 + word.size();
  }
  return out + '\n';
}

// "check it" -> "Check it."
std::string Sentence(std::string_view text) {
  std::string out = fmt::format("{}.", text);
  if (out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

std::string CommandRows(std::span<const Command> commands) {
  std::string out;
  for (const Command& command : commands) out += Row(command.name, command.help);
  return out;
}

// "-n, --limit N" or "FILE...".
std::string Left(const CLI::Option& option) {
  const bool many = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  if (option.get_positional()) return option.get_name(true) + (many ? "..." : "");
  std::string names;
  for (const std::string& name : option.get_snames()) names += fmt::format("-{}, ", name);
  for (const std::string& name : option.get_lnames()) names += fmt::format("--{}, ", name);
  names.resize(names.size() - 2);
  if (option.get_expected_max() == 0) return names;
  const std::string value = option.get_option_text();
  return option.get_expected_min() == 0 ? fmt::format("{} [{}]", names, value)
                                        : fmt::format("{} {}", names, value);
}

std::string OptionRows(const CLI::App& app, bool positional) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() == positional && !option->get_group().empty()) {
      out += Row(Left(*option), option->get_description());
    }
  }
  return out;
}

std::string Usage(const CLI::App& app) {
  std::string out = "Usage: " + app.get_name();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_required()) {
      const std::string left = Left(*option);
      out += option->get_required() ? " " + left : " [" + left + "]";
    }
  }
  out += " [OPTIONS]";
  return out + (app.get_prefix_command() ? " -- COMMAND...\n" : "\n");
}

class OurHelp final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    std::string out = fmt::format("{}\n{}\n", Usage(*app), Sentence(app->get_description()));
    if (const std::string rows = OptionRows(*app, true); !rows.empty()) {
      out += "\nArguments:\n" + rows;
    }
    out += "\nOptions:\n" + OptionRows(*app, false);
    if (!app->get_footer().empty()) out += fmt::format("\nExample:\n{}\n", app->get_footer());
    return out;
  }
};

}  // namespace

std::string ProgramHelp() {
  return "Usage: understudy COMMAND [OPTIONS]\n\n"
         "Learns the routine parts that your agents play on a big language model, and plays them\n"
         "on small models on your own machine.\n\nCommands:\n" +
         CommandRows(Commands()) + "\nOptions:\n" +
         Row("-h, --help", "this page; after a command: that command's") +
         Row("--version", "the program's version") + "\nEnvironment:\n" +
         Row("UNDERSTUDY_WORKSPACE", "the workspace, where --workspace is not given") +
         Row("NO_COLOR", "set to anything: never print colours") + "\nExit codes:\n" +
         std::string(ExitCodeHelp()) +
         "\nBegin with:\n"
         "  understudy init ./understudy\n"
         "  understudy serve --workspace ./understudy\n";
}

std::string GroupHelp(const Found& found) {
  return fmt::format("Usage: {} COMMAND [OPTIONS]\n\n{}\n\nCommands:\n{}\nOptions:\n{}", found.path,
                     Sentence(found.command->help), CommandRows(found.command->subcommands),
                     Row("-h, --help", "this page; after a command: that command's"));
}

void UseOurHelp(CLI::App& app) {
  app.formatter(std::make_shared<OurHelp>());
  app.set_help_flag("-h,--help", "this page");
}

}  // namespace understudy
