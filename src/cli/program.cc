#include "cli/program.h"

#include <CLI/CLI.hpp>

#include "base/config.h"
#include "cli/help.h"
#include "cli/version.h"

namespace understudy {
namespace {

bool IsHelp(std::string_view word) {
  return word == "-h" || word == "--help";
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(word, known);
  return nearest.empty() ? std::string() : fmt::format("Did you mean {}? ", nearest);
}

std::span<const Command> CommandsOf(const Found& found) {
  return found.command ? found.command->subcommands : Commands();
}

Error UnknownCommand(const Found& found, std::string_view word) {
  std::vector<std::string> names;
  for (const Command& command : CommandsOf(found)) names.emplace_back(command.name);
  const bool flag = word.starts_with('-');
  return UsageError(fmt::format("unknown {} {}", flag ? "option" : "command", word))
      .At(found.path)
      .Mend(flag ? fmt::format("Options follow the command; see {} --help.", found.path)
                 : fmt::format("{}{} --help lists the commands.", DidYouMean(word, names),
                               found.path));
}

// A command line that stops at the program or at a group: help, version, or a mistake.
Result<ExitCode> RunGroup(const Found& found, std::span<const std::string> rest, Console& console) {
  const std::string help = found.command ? GroupHelp(found) : ProgramHelp();
  if (rest.empty()) {
    console.Err(help);
    return ExitCode::kUsage;
  }
  if (!found.command && rest.front() == "--version") {
    console.Out(VersionLine());
    return ExitCode::kOk;
  }
  if (!IsHelp(rest.front())) return Fail(UnknownCommand(found, rest.front()));
  console.Out(help);
  return ExitCode::kOk;
}

std::vector<std::string> FlagNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Error UnexpectedArgument(const CLI::App& app, const std::string& path) {
  const std::string word = app.remaining().empty() ? "" : app.remaining().front();
  const std::string name = word.substr(0, word.find('='));
  const bool flag = word.starts_with('-');
  const std::string guess = flag ? DidYouMean(name, FlagNames(app)) : std::string();
  return UsageError(fmt::format("{} {}", flag ? "unknown option" : "unexpected argument", name))
      .At(path)
      .Mend(fmt::format("{}See {} --help.", guess, path));
}

// CLI11 reads its arguments from the back.
void ParseInto(CLI::App& app, std::span<const std::string> args) {
  std::vector<std::string> reversed(args.rbegin(), args.rend());
  app.parse(reversed);
}

Result<ExitCode> RunCommand(const Found& found, std::span<const std::string> args,
                            Console& console) {
  CLI::App app(std::string(found.command->help), found.path);
  UseOurHelp(app);
  const Action action = found.command->define(app);
  try {
    ParseInto(app, args);
  } catch (const CLI::CallForHelp&) {
    console.Out(app.help());
    return ExitCode::kOk;
  } catch (const CLI::ParseError& error) {
    if (!app.get_prefix_command() && !app.remaining().empty()) {
      return Fail(UnexpectedArgument(app, found.path));
    }
    return Fail(UsageError(error.what()).At(found.path).Mend("See " + found.path + " --help."));
  }
  return action(console);
}

Result<ExitCode> Run(std::span<const std::string> args, Console& console) {
  const Found found = FindCommand(args);
  const auto rest = args.subspan(found.words);
  const bool leaf = found.command && found.command->define;
  return leaf ? RunCommand(found, rest, console) : RunGroup(found, rest, console);
}

// Expected failures are values; what a library throws all the same ends here.
Result<ExitCode> RunSafely(std::span<const std::string> args, Console& console) {
  try {
    return Run(args, console);
  } catch (const std::exception& error) {
    return Fail(InternalError(error.what()).Mend("This is a defect; please report it."));
  }
}

}  // namespace

Found FindCommand(std::span<const std::string> words) {
  Found found;
  for (const std::string& word : words) {
    const auto commands = CommandsOf(found);
    const auto next = std::ranges::find(commands, word, &Command::name);
    if (next == commands.end()) break;
    found = {&*next, fmt::format("{} {}", found.path, word), found.words + 1};
  }
  return found;
}

void PrintError(const Error& error, Console& console) {
  console.Err(
      fmt::format("{} {}\n", console.PaintErr(Colour::kRed, "understudy:"), error.ToString()));
}

int RunProgram(std::span<const std::string> args, Console& console) {
  const Result<ExitCode> ended = RunSafely(args, console);
  if (ended) return static_cast<int>(*ended);
  PrintError(ended.error(), console);
  return static_cast<int>(ExitCodeOf(ended.error()));
}

}  // namespace understudy
