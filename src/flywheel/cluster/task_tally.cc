#include "flywheel/cluster/task_tally.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ids.h"

namespace understudy {
namespace {

constexpr size_t kTerms = 8;
constexpr double kLeastOverlap = 0.3;  // of the rows of both: to be the earlier task again

// Whether a small model's answers can be judged, and why.
void Judge(TaskReport& task) {
  const int percent = static_cast<int>(task.kind_share * 100 + 0.5);
  task.replaceable = task.kind != TargetKind::kText;
  task.why = task.replaceable
                 ? fmt::format("{} % of the answers are of kind {}, which is judged exactly",
                               percent, Name(task.kind))
                 : fmt::format("text without a judge: {} % of the answers are free text", percent);
}

TaskReport ReportOf(const TaskTally& tally, const WordCounts& all) {
  TaskReport task;
  task.rows = tally.rows;
  const auto most = std::ranges::max_element(tally.kinds);
  const int64_t rows = std::accumulate(tally.kinds.begin(), tally.kinds.end(), int64_t{0});
  task.kind = rows == 0 ? TargetKind::kText : static_cast<TargetKind>(most - tally.kinds.begin());
  task.kind_share = static_cast<double>(*most) / static_cast<double>(std::max<int64_t>(1, rows));
  task.terms = tally.words.Distinctive(all, kTerms);
  task.name = TaskName(tally.tools, rows, task.terms, task.kind);
  std::vector<std::pair<int64_t, std::string>> tools;
  for (const auto& [tool, calls] : tally.tools) tools.emplace_back(-calls, tool);
  std::ranges::sort(tools);
  for (auto& [calls, tool] : tools) task.tools.push_back(std::move(tool));
  Judge(task);
  return task;
}

// Earlier tasks' ids to the tasks that share most rows with them.
void TakeEarlierIds(const std::vector<TaskTally>& tallies, const std::vector<EarlierTask>& earlier,
                    std::vector<TaskReport>& tasks) {
  struct Pair {
    double overlap;
    size_t task;
    int old;
  };
  std::vector<Pair> pairs;
  for (size_t i = 0; i < tallies.size(); ++i) {
    const int64_t own = tallies[i].rows[static_cast<size_t>(Part::kTrain)];
    for (const auto& [old, rows] : tallies[i].earlier) {
      if (old < 0) continue;
      const int64_t either = own + earlier[static_cast<size_t>(old)].rows - rows;
      pairs.push_back({static_cast<double>(rows) / static_cast<double>(either), i, old});
    }
  }
  std::ranges::stable_sort(pairs, std::greater(), &Pair::overlap);
  std::set<int> taken;
  for (const Pair& pair : pairs) {
    if (pair.overlap < kLeastOverlap || !tasks[pair.task].id.empty()) continue;
    if (!taken.insert(pair.old).second) continue;
    tasks[pair.task].id = earlier[static_cast<size_t>(pair.old)].id;
  }
}

// From the prompt's frame, and where it has several tasks from what this one is about.
std::string NewId(const TaskReport& task, uint64_t frame_hash, bool alone) {
  const std::string about =
      alone ? "" : fmt::format("{} {}", task.name, fmt::join(task.terms, " "));
  return fmt::format("t-{:08x}", static_cast<uint32_t>(FastHash(about, frame_hash)));
}

}  // namespace

void TaskTally::Add(const RecordedCall& call, Part part) {
  ++rows[static_cast<size_t>(part)];
  ++kinds[static_cast<size_t>(call.answered.kind)];
  for (const std::string& tool : std::set(call.answered.tools.begin(), call.answered.tools.end())) {
    ++tools[tool];
  }
  if (part == Part::kTrain) words.Add(call.request);
}

uint64_t FrameHash(const Frame& frame) {
  const auto bytes = [](const std::vector<uint32_t>& list) {
    return std::string_view(reinterpret_cast<const char*>(list.data()), list.size() * 4);
  };
  const uint64_t seed = frame.is_long() ? frame.shape : frame.words_hash + frame.shape;
  return FastHash(bytes(frame.tools), FastHash(bytes(frame.shingles), seed));
}

std::vector<TaskReport> ReportTasks(const std::vector<TaskTally>& tallies,
                                    const std::vector<uint64_t>& frame_hashes,
                                    const std::vector<EarlierTask>& earlier) {
  WordCounts all;
  for (const TaskTally& tally : tallies) all.Add(tally.words);
  std::vector<TaskReport> tasks;
  for (const TaskTally& tally : tallies) tasks.push_back(ReportOf(tally, all));
  TakeEarlierIds(tallies, earlier, tasks);
  std::set<std::string> ids, names;
  for (const TaskReport& task : tasks) ids.insert(task.id);
  for (const EarlierTask& task : earlier) ids.insert(task.id);  // never another task's id
  for (size_t i = 0; i < tasks.size(); ++i) {
    TaskReport& task = tasks[i];
    const bool alone = std::ranges::count(frame_hashes, frame_hashes[i]) == 1;
    for (uint64_t salt = 0; task.id.empty(); ++salt) {
      std::string id = NewId(task, frame_hashes[i] + salt, alone);
      if (ids.insert(id).second) task.id = std::move(id);
    }
    const std::string name = task.name;
    for (int n = 2; !names.insert(task.name).second; ++n) task.name = fmt::format("{}-{}", name, n);
  }
  return tasks;
}

}  // namespace understudy
