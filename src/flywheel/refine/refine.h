// S6 refine: one turn of the whole wheel, from recorded calls to small models that are fit to
// serve.
//
//   collect -> curate -> cluster -> (per task, or of tasks that share an adapter: tune -> evaluate
//   -> select) -> router -> deploy
//
// Each step is a stage of its own (flywheel/stage.h) and does nothing where its inputs are what
// they were: a second turn over the same calls is over at once, one over more calls does what
// changed, and one that was killed goes on where it was.
//
// What a small model alone answered is no example: nobody knows whether it was right. Escalations
// are (the reference answered in the end), and so the failures of the last turn are among the
// examples of the next.
//
// What the sequential test of `deploy` has refuted is not deployed again: it takes other calls, so
// another adapter, or a laxer promise.
//
// A task is left to the reference, and the report says why, where its answers cannot be judged
// (free text), where it has too few examples, or where no candidate is any good.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/result.h"
#include "flywheel/curate/groups.h"
#include "flywheel/evaluate/candidate_card.h"
#include "flywheel/stage.h"
#include "flywheel/tune/lessons.h"
#include "privacy/substitute.h"
#include "route/deployments.h"
#include "store/usage_store.h"

namespace understudy {

struct RefineOptions {
  std::filesystem::path folder;               // the workspace, or a folder that stands for one
  std::vector<std::filesystem::path> inputs;  // exchange JSONL; empty: the store
  UsageStore* store = nullptr;                // where `inputs` is empty
  std::vector<std::filesystem::path> bases;   // GGUF files of the small models at hand
  std::filesystem::path train_program, cluster_program;
  Options config;  // of the workspace: its local models, its runtime
  LocalRuntimeOptions runtime;
  SplitShares shares{60, 6, 17, 17};  // train, valid, calib, test: a promise needs calibration
  std::optional<MaskKey> mask;        // none: personal data stays

  double worse = 0.05;      // the promise: served by a small model and wrong, share of all calls
  double sure = 0.95;       // and how sure
  int64_t least_rows = 60;  // examples for training; a task with fewer stays with the reference
  AdapterSharing sharing = AdapterSharing::kEach;  // of adapters among tasks
  double minutes = 5;           // of training, each task and base at most; shared ones sum them
  double epochs = 20;           // likewise
  int64_t threads = 0;          // of training and of measuring; 0: one a core
  int64_t evaluate_rows = 400;  // of each part of a task at most
  DeploymentStage start = DeploymentStage::kShadow;  // where a new deployment begins
  uint64_t seed = 1;
};

// What became of one task.
struct RefinedTask {
  std::string id, name, kind;
  int64_t train_rows = 0, test_rows = 0;
  std::string base, adapter;  // the chosen candidate's; empty: it stays with the reference
  std::string why;            // of the choice, or of why there is none
  ShareRow plain, tuned;      // test rows that the base alone, and with the adapter, answered right
  // By the router, on calibration rows.
  int64_t served = 0, wrong = 0, calibrated = 0;
};

struct Refined {
  struct Step {
    std::string stage, task;
    std::filesystem::path folder;
    double seconds = 0;
    bool unchanged = false;
  };
  std::vector<Step> steps;
  std::vector<RefinedTask> tasks;
  int64_t calls = 0, examples = 0;
  bool promised = false;    // the promise holds for what the router lets small models serve
  std::string promise;      // in words, with what is missing where nothing can be promised
  double served_share = 0;  // of the calibration traffic
  std::filesystem::path deployments;  // the file; empty where nothing is deployed
};

// Fails as its stages do; what was finished stays and is not done again.
Result<Refined> Refine(const RefineOptions& options, const StageHooks& hooks);

json::object ToJson(const Refined& refined);

}  // namespace understudy
