// Rows to fit a router on, from the files of the stages before it:
//
//   TASKS/tasks.json, assigner.bin     the tasks, and what assigns calls to them (cluster)
//   TASKS/<task id>/{valid,calib}.jsonl  their calls (cluster)
//   ANSWERS/answers.jsonl              what the task's SLM answered to them (evaluate), one a line:
//     {"id","part","right":bool,"verdict":"pass","signals":{...}}
//
// Answers find their calls by id. Those to calls of other parts (train, test) are not read: the
// test part is for scorecards alone.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "flywheel/router/router_data.h"
#include "flywheel/stage.h"

namespace understudy {

struct RouterFiles {
  std::filesystem::path tasks;                 // folder
  std::vector<std::filesystem::path> answers;  // folders, or answers.jsonl files
};

// All files that reading them takes, in a fixed order; kNotFound names what is missing.
Result<std::vector<std::filesystem::path>> InputsOf(const RouterFiles& files);

struct RouterRows {
  RouterData data;
  int64_t answers = 0;  // to calls of valid and calib
  int64_t unknown = 0;  // of these to calls that no task holds
};

// Fails with kInvalidInput and the place (file:line) for a line that is no answer or no exchange,
// for a call that was answered twice, for tasks.json and assigner.bin that do not belong together,
// and where no answer belongs to a task's call.
Result<RouterRows> ReadRouterRows(const RouterFiles& files, const StageRun& run);

}  // namespace understudy
