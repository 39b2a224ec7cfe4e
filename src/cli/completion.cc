#include "cli/completion.h"

#include "cli/definitions.h"
#include "cli/flags.h"

namespace understudy {

Action DefineCompletion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.footer("  source <(understudy completion bash)");
  return [shell](Console& console) -> Result<ExitCode> {
    const auto tree = CompletionTree();
    console.Out(*shell == "bash"  ? BashCompletion(tree)
                : *shell == "zsh" ? ZshCompletion(tree)
                                  : FishCompletion(tree));
    return ExitCode::kOk;
  };
}

}  // namespace understudy
