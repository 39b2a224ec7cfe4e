// The command line of clustering, declared once for `understudy cluster` and for the program
// understudy-cluster that does it; and that program as a stage, for those who do not link faiss.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "flywheel/cluster/cluster.h"

namespace CLI {
class App;
}

namespace understudy {

struct ClusterFlags {
  std::vector<std::string> inputs;
  std::string out, workspace, previous;  // `workspace` where `out` is empty
  FitOptions fit;
  bool force = false, json = false;
};

// Declares the flags, with their checks.
void AddClusterFlags(CLI::App& app, ClusterFlags& flags);

// kNotFound where an input or the earlier run is not there.
Result<ClusterInput> InputOf(const ClusterFlags& flags);
StagePlace PlaceOf(const ClusterFlags& flags);

// The words that give the same flags again.
std::vector<std::string> ClusterArguments(const ClusterFlags& flags);

// With --json the program prints {"progress":{"what","done","total"}} a few times a second, and at
// last {"report","folder","unchanged","meta"}: each on a line.
json::object ResultJson(const Clustered& clustered);

// As Cluster, by the program at `program`. A stop is passed on; kUnavailable where it cannot be
// started, kInternal where it fails, with what it said.
Result<Clustered> ClusterByProgram(const std::filesystem::path& program, ClusterFlags flags,
                                   const StageHooks& hooks);

}  // namespace understudy
