#include "cli/completion.h"

#include <cstdio>

#include "base/file.h"
#include "cli/run_cli.h"
#include "support/paths.h"

namespace understudy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::string OutputOf(const std::string& shell_command) {
  FILE* pipe = ::popen(shell_command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string out;
  std::array<char, 4096> buffer{};
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << shell_command;
  return out;
}

// What bash offers after these words; the last is the one being typed.
class BashCompletionTest : public testing::Test {
 protected:
  void SetUp() override {
    const Ran ran = RunCli({"completion", "bash"});
    ASSERT_EQ(ran.code, 0);
    ASSERT_TRUE(WriteFileAtomically(folder_ / "script", ran.out));
  }

  std::vector<std::string> Offered(const std::vector<std::string>& words) {
    std::string quoted;
    for (const std::string& word : words) quoted += " '" + word + "'";
    const std::string script = fmt::format(
        "cd '{0}' && source ./script && COMP_WORDS=(understudy{1}) && COMP_CWORD={2} && "
        "_understudy && printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        folder_.string(), quoted, words.size());
    EXPECT_TRUE(WriteFileAtomically(folder_ / "run", script));
    return Words(OutputOf(fmt::format("bash --norc '{}'", (folder_ / "run").string())));
  }

  TempFolder folder_;
};

TEST_F(BashCompletionTest, OffersCommands) {
  EXPECT_THAT(Offered({""}), IsSupersetOf({"init", "import", "exchanges", "completion"}));
  EXPECT_THAT(Offered({"comp"}), ElementsAre("completion"));
  EXPECT_THAT(Offered({"exchanges", ""}), ElementsAre("list", "show"));
}

TEST_F(BashCompletionTest, OffersTheFlagsOfTheCommand) {
  EXPECT_THAT(Offered({"exchanges", "list", "--"}),
              IsSupersetOf({"--workspace", "--since", "--jsonl", "--help"}));
  EXPECT_THAT(Offered({"exchanges", "list", "--jsonl", "--cou"}), ElementsAre("--count"));
  EXPECT_THAT(Offered({"--"}), IsSupersetOf({"--help", "--version"}));
}

TEST_F(BashCompletionTest, OffersValues) {
  EXPECT_THAT(Offered({"exchanges", "list", "--outcome", "esc"}), ElementsAre("escalated"));
  EXPECT_THAT(Offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Offered({"exchanges", "list", "--agent", ""}), ElementsAre());
}

TEST_F(BashCompletionTest, OffersFilesAndFolders) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "calls.jsonl", ""));
  ASSERT_TRUE(MakeFolders(folder_ / "callsdir"));
  EXPECT_THAT(Offered({"import", "calls"}),
              testing::UnorderedElementsAre("calls.jsonl", "callsdir"));
  EXPECT_THAT(Offered({"import", "a.jsonl", "calls.j"}), ElementsAre("calls.jsonl"));
  EXPECT_THAT(Offered({"import", "--workspace", "calls"}), ElementsAre("callsdir"));
}

TEST(Completion, ScriptsCoverEveryCommandAndFlag) {
  const auto tree = CompletionTree();
  const std::string zsh = ZshCompletion(tree), fish = FishCompletion(tree);
  for (const CompletionNode& node : tree) {
    EXPECT_THAT(zsh, HasSubstr("    '" + node.path + "')\n"));
    for (const CompletionFlag& flag : node.flags) {
      for (const std::string& name : flag.names) {
        if (!name.starts_with("--")) continue;
        EXPECT_THAT(zsh, HasSubstr("'" + name + ":"));
        EXPECT_THAT(fish, HasSubstr(" -l " + name.substr(2)));
      }
    }
  }
  EXPECT_THAT(fish, HasSubstr("__understudy_at \"/exchanges/list\""));
}

TEST(Completion, RefusesOtherShells) {
  const Ran ran = RunCli({"completion", "tcsh"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("bash"));
  EXPECT_THAT(ran.out, Not(HasSubstr("complete")));
}

}  // namespace
}  // namespace understudy
