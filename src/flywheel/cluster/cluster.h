// S3 cluster: recorded calls become tasks. Agents send no task's name, so it is found: prompts
// first, then what is asked and how it is answered (fit.h).
//
// Reads what curation wrote (a folder with train.jsonl and, where they are, valid, calib and test),
// or exchange JSONL files, whose rows all count as train. Fits on train alone; then every row of
// every part is given to its task by the code that does so online (route/task_model.h), in the part
// that it came from.
//
// Writes
//   tasks.json                  what was found (docs/format-tasks.md)
//   assigner.bin                the task model, for the router
//   <task>/{train,...}.jsonl    the task's rows, byte for byte as they came; folders named by id
//   rest/{train,...}.jsonl      rows of no task
//
// A task's id survives clustering again: with `previous` a task takes the id of the earlier task
// with which it shares most rows; else it follows from its prompt and its terms.
//
// Memory: about 4 kB for each of the rows that are fitted to (60,000 at most, evenly taken).
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "dataset/score.h"
#include "flywheel/cluster/fit.h"
#include "flywheel/curate/groups.h"
#include "flywheel/stage.h"

namespace understudy {

struct ClusterInput {
  std::vector<std::filesystem::path> inputs;  // one folder, or files
  std::filesystem::path previous;             // an earlier run's folder; empty: none
  FitOptions fit;
};

using PartRows = std::array<int64_t, kPartCount>;  // by Part

struct TaskReport {
  std::string id, name;
  TargetKind kind = TargetKind::kText;  // of most answers in train
  double kind_share = 0;                // how many those are
  std::vector<std::string> terms, tools;
  PartRows rows{};
  bool replaceable = false;  // a small model's answers to it can be judged
  std::string why;
};

struct ClusterReport {
  std::vector<TaskReport> tasks;  // most rows first
  PartRows rest{};
  int64_t rows = 0;      // read
  int64_t unusable = 0;  // of them not fit for training: curation takes them out
  int64_t frames = 0;    // prompts' templates
};
json::object ToJson(const ClusterReport& report);             // tasks.json
Result<ClusterReport> ClusterReportFrom(const json::value&);  // kInvalidInput

struct Clustered {
  ClusterReport report;
  StageResult stage;
};

// Fails where a file cannot be read or written, where no prompt has enough rows (kInvalidInput),
// and where a stop is asked for. A run that is not done again gives the report that it wrote.
Result<Clustered> Cluster(const ClusterInput& input, const StagePlace& place,
                          const StageHooks& hooks, const FindNeighbours& find_neighbours);

}  // namespace understudy
