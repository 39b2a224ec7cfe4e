// Runs another program in our place: its streams are ours, its exit code becomes ours.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/signals.h"

namespace understudy {

// Exit codes of a shell: 126, it cannot be run; 127, there is no such program; 128 + N, it ended
// by signal N.
inline constexpr int kCannotRun = 126;
inline constexpr int kNoSuchProgram = 127;

using EnvironmentChanges = std::vector<std::pair<std::string, std::string>>;

// Starts `command` (looked up on PATH) with our environment and the changes, passes signals on
// until it ends, and gives its exit code. `signals` must wait for SIGCHLD and for all that is to
// be passed on. What the terminal sent to the whole group is not sent twice.
// Fails with kNotFound or kForbidden where it cannot be started.
Result<int> RunChild(const std::vector<std::string>& command, const EnvironmentChanges& changes,
                     SignalWaiter& signals);

}  // namespace understudy
