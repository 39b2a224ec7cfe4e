#include "cli/program.h"

#include "base/file.h"
#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/run_cli.h"
#include "support/golden.h"
#include "support/paths.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Every command of the tree as its words.
void Collect(std::span<const Command> commands, std::vector<std::string> words,
             std::vector<std::vector<std::string>>& all) {
  for (const Command& command : commands) {
    auto longer = words;
    longer.emplace_back(command.name);
    all.push_back(longer);
    Collect(command.subcommands, longer, all);
  }
}

std::vector<std::vector<std::string>> AllCommands() {
  std::vector<std::vector<std::string>> all{{}};
  Collect(Commands(), {}, all);
  return all;
}

TEST(Program, HelpOfEveryCommandIsAsReviewed) {
  for (auto words : AllCommands()) {
    const std::string name = words.empty() ? "program" : fmt::format("{}", fmt::join(words, "-"));
    words.push_back("--help");
    const Ran ran = RunCli(words);
    EXPECT_EQ(ran.code, 0) << name;
    EXPECT_TRUE(MatchesGolden(fmt::format("cli/golden/help/{}.txt", name), ran.out));
  }
}

TEST(Program, EveryCommandHasAnExample) {
  for (const auto& words : AllCommands()) {
    const Found found = FindCommand(words);
    if (!found.command || !found.command->define) continue;
    auto args = words;
    args.push_back("-h");
    EXPECT_THAT(RunCli(args).out, testing::ContainsRegex("\nExample:\n  .*understudy "))
        << found.path;
  }
}

TEST(Program, EveryCommandRefusesAnUnknownOption) {
  for (auto words : AllCommands()) {
    words.push_back("--no-such-option");
    const Ran ran = RunCli(words);
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err,
                AllOf(StartsWith("understudy: unknown option --no-such-option (understudy"),
                      HasSubstr("--help")));
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST(Program, WithoutACommandItPrintsHelpAndIsAMistake) {
  const Ran ran = RunCli({});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("Usage: understudy COMMAND"));
  EXPECT_EQ(RunCli({"exchanges"}).code, 2);
}

TEST(Program, MisspeltCommandsAndFlagsGetAGuess) {
  EXPECT_THAT(RunCli({"imprt"}).err,
              HasSubstr("unknown command imprt (understudy). Did you mean import?"));
  EXPECT_THAT(RunCli({"exchanges", "lst"}).err, HasSubstr("Did you mean list?"));
  EXPECT_THAT(RunCli({"exchanges", "list", "--jsno"}).err, HasSubstr("Did you mean --json?"));
  EXPECT_THAT(RunCli({"exchanges", "list", "--limt=3"}).err, HasSubstr("Did you mean --limit?"));
  EXPECT_THAT(RunCli({"qqqqqqqq"}).err, testing::Not(HasSubstr("Did you mean")));
}

TEST(Program, MissingAndSuperfluousArgumentsAreUsageErrors) {
  EXPECT_EQ(RunCli({"import"}).code, 2);
  EXPECT_EQ(RunCli({"exchanges", "show"}).code, 2);
  EXPECT_EQ(RunCli({"version", "now"}).code, 2);
  EXPECT_EQ(RunCli({"replay", "x.jsonl"}).code, 2);
  EXPECT_THAT(RunCli({"version", "now"}).err, HasSubstr("unexpected argument now"));
}

TEST(Program, VersionIsSaidInThreeWays) {
  EXPECT_EQ(RunCli({"--version"}).out, RunCli({"version"}).out);
  EXPECT_THAT(RunCli({"version", "--json"}).out, HasSubstr("\"version\":"));
}

TEST(Program, ErrorsAreOneLineOfWhatWhereAndHowToMend) {
  MemoryConsole console;
  PrintError(NotFound("no such thing").At("place").Mend("Make one."), console);
  EXPECT_EQ(console.err, "understudy: no such thing (place). Make one.\n");
}

TEST(Program, ColoursOnlyOnATerminalAndNeverWithNoColor) {
  MemoryConsole console;
  console.terminal = true;
  ::unsetenv("NO_COLOR");
  PrintError(NotFound("x"), console);
  EXPECT_THAT(console.err, HasSubstr("\033[31m"));
  ::setenv("NO_COLOR", "1", 1);
  console.err.clear();
  PrintError(NotFound("x"), console);
  EXPECT_THAT(console.err, testing::Not(HasSubstr("\033")));
  ::unsetenv("NO_COLOR");
}

// The section of docs/cli.md under the heading that begins with "### " + path.
std::string SectionOf(const std::string& page, const std::string& path) {
  const size_t at = page.find("\n### " + path);
  if (at == std::string::npos) return {};
  return page.substr(at, page.find("\n##", at + 1) - at);
}

TEST(Documentation, HasASectionForEveryCommandThatNamesEveryOption) {
  const std::string page = ReadFile(SourceFolder() / "docs/cli.md").value();
  for (const CompletionNode& node : CompletionTree()) {
    if (!node.commands.empty()) continue;
    std::string path = "understudy" + node.path;
    std::ranges::replace(path, '/', ' ');
    const std::string section = SectionOf(page, path);
    EXPECT_FALSE(section.empty()) << path;
    for (const CompletionFlag& flag : node.flags) {
      const std::string& name = flag.names.front();
      if (name == "--help" || name == "--workspace") continue;
      EXPECT_THAT(section, HasSubstr(name)) << path;
    }
  }
}

TEST(Documentation, ListsTheExitCodes) {
  const std::string page = ReadFile(SourceFolder() / "docs/cli.md").value();
  const std::string help(ExitCodeHelp());
  for (size_t at = 0; at < help.size();) {
    const std::string line = help.substr(at + 2, help.find('\n', at) - at - 2);
    at = help.find('\n', at) + 1;
    const std::string code = line.substr(0, line.find(' '));
    const std::string meaning = line.substr(line.find_first_not_of(' ', code.size()));
    EXPECT_THAT(page, HasSubstr(fmt::format("| {} | {} |", code, meaning)));
  }
}

TEST(ExitCodeTest, FollowsFromTheError) {
  EXPECT_EQ(ExitCodeOf(NotFound("x")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(Unavailable("x")), ExitCode::kUnavailable);
  EXPECT_EQ(ExitCodeOf(Timeout("x")), ExitCode::kUnavailable);
  EXPECT_EQ(ExitCodeOf(InvalidInput("x")), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(AsConfigError(NotFound("x"))), ExitCode::kConfig);
}

}  // namespace
}  // namespace understudy
