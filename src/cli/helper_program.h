// Programs of ours that stand apart because they need a large library that serving does not: a
// command starts them in its place.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/exit_code.h"

namespace understudy {

struct HelperProgram {
  std::string_view name;
  std::string_view how_to_get;  // advice where it is missing
};

// Trains models; needs libtorch.
inline constexpr HelperProgram kTrainProgram{
    "understudy-train",
    "It is built where libtorch is installed: on Debian, apt-get install libtorch-dev "
    "libopenblas0-pthread, then make build."};
// Clusters recorded calls; needs faiss.
inline constexpr HelperProgram kClusterProgram{
    "understudy-cluster",
    "It is built where faiss is installed: on Debian, apt-get install libfaiss-dev "
    "libopenblas0-pthread, then make build."};

// Beside the running program, else on PATH. kNotFound says how to get it.
Result<std::filesystem::path> FindHelper(const HelperProgram& helper);

// Runs it with `arguments` in our place: its streams are ours, SIGINT, SIGTERM and SIGHUP are
// passed on, its exit code is the result.
Result<ExitCode> RunHelper(const HelperProgram& helper, std::vector<std::string> arguments);

}  // namespace understudy
