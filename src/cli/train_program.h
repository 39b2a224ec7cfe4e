// The program understudy-train, which trains models. It stands apart because it needs libtorch,
// hundreds of megabytes that serving does not.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/exit_code.h"

namespace understudy {

inline constexpr char kTrainProgram[] = "understudy-train";

// Beside the running program, else on PATH. kNotFound says how to get it.
Result<std::filesystem::path> FindTrainProgram();

// Runs it with `arguments` in our place: its streams are ours, SIGINT, SIGTERM and SIGHUP are
// passed on, its exit code is the result.
Result<ExitCode> RunTrainProgram(std::vector<std::string> arguments);

}  // namespace understudy
