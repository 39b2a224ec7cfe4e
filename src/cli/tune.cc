// `understudy tune` and `understudy pretrain`: check the command line and hand it to the program
// that trains.
#include "train/tune_options.h"

#include <CLI/CLI.hpp>

#include "cli/definitions.h"
#include "cli/helper_program.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

Result<ExitCode> Tune(TuneOptions options) {
  // A version goes into the workspace that every other command would use.
  if (options.out.empty() && !options.task.empty() && !options.dry_run) {
    TRY(const auto folder, LocateWorkspace(options.workspace));
    options.workspace = folder.string();
  }
  std::vector<std::string> arguments = TuneArguments(options);
  arguments.insert(arguments.begin(), "tune");
  return RunHelper(kTrainProgram, std::move(arguments));
}

Result<ExitCode> Pretrain(const PretrainOptions& options) {
  std::vector<std::string> arguments = PretrainArguments(options);
  arguments.insert(arguments.begin(), "pretrain");
  return RunHelper(kTrainProgram, std::move(arguments));
}

}  // namespace

Action DefineTune(CLI::App& app) {
  const auto options = std::make_shared<TuneOptions>();
  AddTuneFlags(app, *options);
  app.footer(
      "  understudy tune --base models/small.gguf --data calls.jsonl --task labels --minutes 30\n\n"
      "The program understudy-train does it. Its exit code is passed on.");
  return [options](Console&) { return Tune(*options); };
}

Action DefinePretrain(CLI::App& app) {
  const auto options = std::make_shared<PretrainOptions>();
  AddPretrainFlags(app, *options);
  app.footer(
      "  understudy pretrain --recipe recipe.toml --out models/mine --minutes 600\n\n"
      "The program understudy-train does it. Its exit code is passed on.");
  return [options](Console&) { return Pretrain(*options); };
}

}  // namespace understudy
