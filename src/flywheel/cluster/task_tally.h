// What is counted of each task while rows are given to them, and what becomes of it: the task's
// kind, name and id.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flywheel/cluster/cluster.h"
#include "flywheel/cluster/recorded_call.h"
#include "flywheel/cluster/task_names.h"

namespace understudy {

struct TaskTally {
  PartRows rows{};
  std::array<int64_t, kTargetKindCount> kinds{};  // of all rows
  std::map<std::string, int64_t> tools;           // rows that call it
  WordCounts words;
  std::map<int, int64_t> earlier;  // rows by the earlier model's task

  void Add(const RecordedCall& call, Part part);
};

// One report a tally, in their order, with unique names and ids. `frame_hashes`: of each task's
// frame; `earlier_ids` of the earlier model's tasks, with their numbers of rows.
struct EarlierTask {
  std::string id;
  int64_t rows = 0;
};
std::vector<TaskReport> ReportTasks(const std::vector<TaskTally>& tallies,
                                    const std::vector<uint64_t>& frame_hashes,
                                    const std::vector<EarlierTask>& earlier);

uint64_t FrameHash(const Frame& frame);

}  // namespace understudy
