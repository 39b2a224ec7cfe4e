// `understudy cluster`: check the command line and hand it to the program that clusters.
#include "flywheel/cluster/cluster_flags.h"

#include <CLI/CLI.hpp>

#include "cli/definitions.h"
#include "cli/helper_program.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

Result<ExitCode> StartCluster(ClusterFlags flags) {
  // The run goes into the workspace that every other command would use.
  if (flags.out.empty()) {
    TRY(const auto folder, LocateWorkspace(flags.workspace));
    flags.workspace = folder.string();
  }
  return RunHelper(kClusterProgram, ClusterArguments(flags));
}

}  // namespace

Action DefineCluster(CLI::App& app) {
  const auto flags = std::make_shared<ClusterFlags>();
  AddClusterFlags(app, *flags);
  app.footer(
      "  understudy cluster --in data --out tasks\n\n"
      "The program understudy-cluster does it. Its exit code is passed on.");
  return [flags](Console&) { return StartCluster(*flags); };
}

}  // namespace understudy
