// The book of a workspace's deployments: what serves (deployments.json, route/deployments.h), what
// the sequential tests have counted so far (deployments.state.json), and every step that was ever
// taken (deployments.log.jsonl).
//
//   TRY(auto book, DeployBook::Open(workspace));      // one at a time: locked
//   TRY(const auto& one, book.Start(request, options, "ann", clock.WallMs()));
//   TRY_VOID(book.Move("d-1", DeploymentStage::kCanary, {"ann", "looks good"}, now));
//   TRY_VOID(book.Save());                            // all of it, or with an error what it says
//
// The state of a deployment belongs to its stage: where deployments.json says another stage, or
// another moment since which it holds, the counting begins anew. So the file may be edited by hand.
//   deployments.state.json: {"v":1,"deployments":{ID:{"stage","since","worse","sure","rollbacks",
//     "refuted","paired":{"rows","errors"},"served":{"rows","errors"},"newest",
//     "seen":{HASH:at_ms}}}}
//   deployments.log.jsonl, a line a step: {"at","who","id","task","from","to","why","evidence"}
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/result.h"
#include "flywheel/deploy/e_process.h"
#include "route/deployments.h"

namespace understudy {

// The promise: at most `worse` of its answers differ from the reference's, `sure` in each stage.
struct DeployPromise {
  double worse = 0.02;  // A, strictly between 0 and 1
  double sure = 0.95;   // D, likewise
};
Status CheckPromise(const DeployPromise& promise);

struct DeployState {
  DeploymentStage stage = DeploymentStage::kShadow;  // of these counts
  int64_t since_ms = 0;
  DeployPromise promise;
  // Retired because the test has shown that it breaks the promise; until somebody moves it.
  bool refuted = false;
  int64_t rollbacks = 0;       // each halves the chance of a mistake that the next test may take
  ErrorCounts paired, served;  // see evidence.h
  int64_t newest_ms = 0;       // arrival of the latest exchange that was looked at
  std::map<uint64_t, int64_t> seen;  // hash of a counted exchange's id -> its arrival
  // What the tests go by: 1 - (1 - sure) / 2^rollbacks.
  double sure() const;
};

struct DeployReason {
  std::string who;  // "ann", "sequential test"
  std::string why;
  json::object evidence;
  bool refuted = false;  // as DeployState has it
};

// One line of the log.
struct DeployStep {
  int64_t at_ms = 0;
  std::string id, task;
  std::string from, to;  // stages; from is "-" at the start
  DeployReason reason;
};
json::object ToJson(const DeployStep& step);

struct DeployStart {
  std::string task, model, adapter, adapter_path;  // as in Deployment
  // Copy the adapter into the workspace's adapters/TASK/vN first, unless it lies in adapters/TASK
  // already (adapter/adapter_registry.h): a deployment outlives the run that made its adapter.
  // Without a name it is then called TASK-vN.
  bool adopt = false;
  std::string gguf;                   // of `model`, where neither config.toml nor the file has it
  int64_t context = 4096, slots = 4;  // likewise
  double share = 0.1;
  int64_t most_tokens = 0;  // of an answer; 0: no bound
  std::string scorecard;
  std::string tasks, router;  // not empty: replace those of the file
  DeployPromise promise;
};

class DeployBook {
 public:
  // kUnavailable where another process has the book open for two seconds and more. Errors of
  // reading name file and place.
  static Result<DeployBook> Open(const std::filesystem::path& workspace);
  DeployBook(DeployBook&&) noexcept = default;

  const Deployments& deployments() const { return deployments_; }
  const std::filesystem::path& workspace() const { return workspace_; }
  DeployState& StateOf(const Deployment& one);  // begun anew where it is of another stage
  const std::vector<DeployStep>& steps() const { return steps_; }  // not saved yet

  // A new deployment in stage shadow, its adapter checked against the base model
  // (adapter/adoption.h), whose file `options` or the deployments name. kInvalidInput where it
  // cannot be; names what stands in the way: another one of the task in shadow, or one that serves
  // this very adapter already. A copied adapter stays, also where the book is never saved.
  Result<Deployment> Start(DeployStart start, const Options& options, std::string who,
                           int64_t now_ms);

  // What calls are given to their tasks and decided by, from now on: folder and file.
  void Use(std::string tasks, std::string router);

  // To another stage, counting anew. The one that goes live takes the place of the task's live
  // deployment, which is retired. From live to shadow (a rollback), the one that it had replaced is
  // live again, if its file still exists. kNotFound; kInvalidInput where the task has another
  // deployment in that stage, or it is in it already.
  Status Move(std::string_view id, DeploymentStage to, DeployReason reason, int64_t now_ms);
  // Whether Move could, but for the live deployment that it replaces.
  bool IsFree(const Deployment& one, DeploymentStage stage) const;

  // State, then deployments, each by a rename; then the log.
  Status Save();

 private:
  struct Lock;
  DeployBook(std::filesystem::path workspace, std::shared_ptr<Lock> lock);
  Status CheckFree(const DeployStart& start) const;
  Status Adopt(DeployStart& start, const std::string& base, const std::string& who,
               int64_t now_ms) const;
  void Apply(Deployment& one, DeploymentStage to, DeployReason reason, int64_t now_ms);
  Status LoadStates();

  std::filesystem::path workspace_;
  std::shared_ptr<Lock> lock_;
  Deployments deployments_;
  std::map<std::string, DeployState> states_;
  std::vector<DeployStep> steps_;
};

std::filesystem::path DeployStatePath(const std::filesystem::path& workspace);
std::filesystem::path DeployLogPath(const std::filesystem::path& workspace);

}  // namespace understudy
