#include <fmt/format.h>

#include "flywheel/cluster/cluster.h"

namespace understudy {
namespace {

json::object RowsJson(const PartRows& rows) {
  json::object out;
  for (size_t i = kPartCount; i-- > 0;) out[Name(static_cast<Part>(i))] = rows[i];
  return out;
}

PartRows RowsFrom(const json::value* value) {
  PartRows rows{};
  for (size_t i = 0; value && i < kPartCount; ++i) {
    rows[i] = IntOr(*value, Name(static_cast<Part>(i)), 0);
  }
  return rows;
}

std::vector<std::string> TextsFrom(const json::value* value) {
  std::vector<std::string> texts;
  const auto* list = value ? value->if_array() : nullptr;
  for (size_t i = 0; list && i < list->size(); ++i) {
    if (const auto* text = (*list)[i].if_string()) texts.emplace_back(*text);
  }
  return texts;
}

json::object ToJson(const TaskReport& task) {
  return {{"id", task.id},
          {"name", task.name},
          {"kind", Name(task.kind)},
          {"kind_share", task.kind_share},
          {"terms", json::value_from(task.terms)},
          {"rows", RowsJson(task.rows)},
          {"tools", json::value_from(task.tools)},
          {"replaceable", task.replaceable},
          {"why", task.why}};
}

Result<TaskReport> TaskFrom(const json::value& value) {
  TaskReport task;
  task.id = StringOr(value, "id");
  task.name = StringOr(value, "name");
  const std::string_view kind = StringOr(value, "kind");
  size_t known = 0;
  while (known < kTargetKindCount && Name(static_cast<TargetKind>(known)) != kind) ++known;
  if (task.id.empty() || known == kTargetKindCount) {
    return Fail(InvalidInput(fmt::format("a task with id \"{}\" and kind \"{}\"", task.id, kind))
                    .Mend("understudy cluster writes tasks.json."));
  }
  task.kind = static_cast<TargetKind>(known);
  task.kind_share = NumberOr(value, "kind_share", 0);
  task.terms = TextsFrom(Find(value, "terms"));
  task.tools = TextsFrom(Find(value, "tools"));
  task.rows = RowsFrom(Find(value, "rows"));
  task.replaceable = BoolOr(value, "replaceable", false);
  task.why = StringOr(value, "why");
  return task;
}

}  // namespace

json::object ToJson(const ClusterReport& report) {
  json::array tasks;
  for (const TaskReport& task : report.tasks) tasks.push_back(ToJson(task));
  return {{"v", 1},
          {"tasks", std::move(tasks)},
          {"rest",
           {{"rows", RowsJson(report.rest)},
            {"why", "far from every task, or of a prompt with too few calls"}}},
          {"rows", report.rows},
          {"unusable", report.unusable},
          {"frames", report.frames}};
}

Result<ClusterReport> ClusterReportFrom(const json::value& value) {
  const json::value* tasks = Find(value, "tasks");
  if (IntOr(value, "v", 0) != 1 || !tasks || !tasks->is_array()) {
    return Fail(InvalidInput("not a list of tasks of version 1")
                    .Mend("understudy cluster writes tasks.json."));
  }
  ClusterReport report;
  for (const json::value& item : tasks->get_array()) {
    TRY(TaskReport task, TaskFrom(item));
    report.tasks.push_back(std::move(task));
  }
  if (const json::value* rest = Find(value, "rest")) report.rest = RowsFrom(Find(*rest, "rows"));
  report.rows = IntOr(value, "rows", 0);
  report.unusable = IntOr(value, "unusable", 0);
  report.frames = IntOr(value, "frames", 0);
  return report;
}

}  // namespace understudy
