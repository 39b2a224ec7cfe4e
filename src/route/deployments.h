// The deployments file, <workspace>/deployments.json: which adapter serves which task, in which
// stage. The flywheel's `deploy` writes it, the gateway reads it at its start and on SIGHUP, and
// the router asks what it says of a task.
//
//   {"v":1,"policy":"p-0a1b2c3d",
//    "tasks":"runs/cluster/<hash>","router":"runs/router/<hash>/router.json",
//    "models":[{"name":"understudy-base","gguf":"weights/base.gguf","context":4096,"slots":4}],
//    "deployments":[{"id":"d-...","task":"t-9f2c11d0","model":"understudy-base",
//      "adapter":"t-9f2c11d0-v1","adapter_path":"adapters/t-9f2c11d0/v1/adapter.gguf",
//      "stage":"shadow","share":0.1,"most_tokens":64,"since":1767225600000,"scorecard":"runs/evaluate/..."}]}
//
// Relative paths start at the workspace. Members that are not known are kept. Plain values: no
// threads, no files open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/result.h"

namespace understudy {

// Words of the file. Append only.
enum class DeploymentStage : uint8_t {
  kShadow = 0,   // the reference answers; the adapter's answer is only compared with it
  kCanary = 1,   // it answers a share of the sessions
  kLive = 2,     // it answers whatever the router gives it
  kRetired = 3,  // it does nothing, and is no longer loaded
};
std::string_view Name(DeploymentStage stage);                         // "shadow"
Result<DeploymentStage> ParseDeploymentStage(std::string_view name);  // kInvalidInput

struct Deployment {
  std::string id;            // "d-...", unique
  std::string task;          // the task's id
  std::string model;         // a small model's name: of `models`, or of config.toml
  std::string adapter;       // its name as the model knows it; empty: the plain base
  std::string adapter_path;  // GGUF; empty only where `adapter` is
  DeploymentStage stage = DeploymentStage::kShadow;
  double share = 0.1;       // of the sessions, while it is a canary; 0 to 1
  int64_t most_tokens = 0;  // of an answer, as it was measured; 0: no bound
  int64_t since_ms = 0;     // in this stage since, Unix epoch
  std::string scorecard;    // path; may be empty
  std::string replaces;     // id of the deployment whose place it took as live; may be empty
  json::object others;      // members that are not known here
};

// A local model that config.toml need not name.
struct DeployedModel {
  std::string name;
  std::string gguf;
  int64_t context = 4096;  // tokens a slot
  int64_t slots = 4;
  json::object others;
};

struct Deployments {
  std::string policy;  // "p-" + 8 hex digits of all else in the file; WriteDeployments sets it
  std::string tasks;   // folder of the task model; empty: tasks are not known
  std::string router;  // router.json; empty: no learned router
  std::vector<DeployedModel> models;
  std::vector<Deployment> deployments;
  json::object others;

  const Deployment* Find(std::string_view id) const;  // null: none
  Deployment* Find(std::string_view id);
  // The one that answers the task by this model and adapter (empty: the plain base), the latest in
  // the file that is not retired. Null: none.
  const Deployment* Behind(std::string_view task, std::string_view model,
                           std::string_view adapter) const;
  // The deployment of a task in a stage (at most one, but for retired ones: the last). Null: none.
  const Deployment* Of(std::string_view task, DeploymentStage stage) const;
};

std::filesystem::path DeploymentsPath(const std::filesystem::path& workspace);

// Errors are kInvalidInput with the place ("deployments.json: deployments[1].stage") and say what
// was expected: malformed JSON, another version, a member missing or of the wrong type, a control
// character in a name or path, an id given twice, two deployments of a task in one stage, one
// adapter name with two files, more than 100 models or 10,000 deployments that are not retired.
Result<Deployments> ParseDeployments(std::string_view text, std::string_view file_name);
// As ParseDeployments; a file that does not exist is an empty Deployments.
Result<Deployments> LoadDeployments(const std::filesystem::path& file);

// Checks as ParseDeployments and LoadDeployments (16 MiB at most) do, names the policy, and puts
// the file in place by a rename, so that a reader sees the old or the new one. Mode 0600.
Status WriteDeployments(const std::filesystem::path& file, Deployments& deployments);
std::string FormatDeployments(const Deployments& deployments);

// `options` with the file's models and, in the local models, the adapters of all deployments that
// are not retired; their tasks can be asked for as understudy/task:ID. What both name is as
// config.toml says, with the adapters added; an adapter that both name must be the same file.
// kInvalidInput where a deployment's model is in neither, is not small, or cannot take adapters.
Result<Options> WithDeployments(Options options, const Deployments& deployments);

}  // namespace understudy
