// The checks behind `understudy doctor`, by subject; each gives findings and never fails itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "cli/console.h"
#include "cli/exit_code.h"

namespace understudy {

enum class Health { kOk, kWarn, kFail };
std::string_view Name(Health health);

struct Finding {
  std::string subject;  // "machine", "dependencies", "workspace", "models", "network"
  std::string name;     // "memory", "llama-server", a model's name
  Health health = Health::kOk;
  std::string detail;
  std::string mend;  // what to do; empty when ok
};
using Findings = std::vector<Finding>;

// Prints them, as JSON where asked for; kFailed where one is kFail.
ExitCode ReportFindings(const Findings& findings, bool as_json, Console& console);

Findings CheckMachine(const std::string& workspace);

// config.toml, key files, store. `options` is set where the config is good.
Findings CheckWorkspace(const std::string& workspace, std::optional<Options>& options);

// llama-server and its self-test; a failure only where a model needs it. Takes seconds when
// this version was not tested before, or with `run_again`.
Findings CheckDependencies(const std::string& workspace, const Options* options, bool run_again);

// Files and secrets of every model; with `online`, whether its upstream answers.
Findings CheckModels(const Options& options, bool online);

// Whether server.listen is free, or served by this workspace's own gateway.
Findings CheckNetwork(const Options& options);

}  // namespace understudy
