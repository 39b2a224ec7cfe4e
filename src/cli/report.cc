// `understudy report`: what the small models did, in all, by task and by agent.
#include "flywheel/report/report.h"

#include <cmath>

#include "base/clock.h"
#include "base/file.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "route/deployments.h"
#include "route/task_model.h"

namespace understudy {
namespace {

struct ReportFlags {
  std::string workspace, since, until, html;
  ExchangeFilter filter;
  bool json = false;
};

std::string Percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string Median(const LatencySummary& latency) {
  return latency.calls == 0 ? "-" : fmt::format("{:.0f} ms", latency.p50_ms);
}

// With the exact 95 % interval.
std::string WithBounds(const ReportShare& share) {
  if (share.of == 0) return "-";
  const BinomialBounds bounds = share.bounds();
  return fmt::format("{} of {} ({:.0f}-{:.0f} %)", share.count, share.of,
                     std::floor(bounds.low * 100), std::ceil(bounds.high * 100));
}

std::string NameOf(const std::string& id, const Report& report) {
  const auto name = report.task_names.find(id);
  const auto stages = report.stages.find(id);
  std::string text = id.empty() ? "-" : name == report.task_names.end() ? id : name->second;
  if (stages != report.stages.end()) text += fmt::format(" ({})", stages->second);
  return Printable(text);
}

Table RowsTable(std::string_view what, const std::map<std::string, ReportRow>& rows,
                const Report& report) {
  using enum Table::Align;
  Table table({{std::string(what)},
               {"calls", kRight},
               {"by small", kRight},
               {"escalated", kRight},
               {"failed", kRight},
               {"as the reference", kRight},
               {"small p50", kRight},
               {"reference p50", kRight},
               {"before $", kRight},
               {"after $", kRight}});
  for (const auto& [id, row] : rows) {
    table.Add({NameOf(id, report), HumanCount(row.calls), Percent(row.small_share()),
               HumanCount(row.escalated), HumanCount(row.failed), WithBounds(row.served_well),
               Median(row.small), Median(row.reference), fmt::format("{:.4f}", row.cost_before_usd),
               fmt::format("{:.4f}", row.cost_after_usd)});
  }
  return table;
}

void Print(const Report& report, Console& console) {
  if (report.all.calls == 0) return console.Out("nothing was recorded yet\n");
  console.Out(fmt::format("{}, {} answered by small models\n\n", Counted(report.all.calls, "call"),
                          Percent(report.all.small_share())));
  RowsTable("task", report.tasks, report).Print(console);
  console.Out("\n");
  RowsTable("agent", report.agents, report).Print(console);
  console.Out(
      "\nas the reference: of the shadow answers that would have been served, those that agree "
      "with the reference's (exact 95 % interval)\n");
  console.Out(report.priced ? "before: what the reference would have cost (an estimate); after: "
                              "what was charged\n"
                            : "the reference has no price in the config: costs are zero\n");
}

// The tasks' names and the stages of what serves them. A report needs neither, so a task model that
// cannot be read is only said.
Status AddDeployed(const std::filesystem::path& workspace, ReportOptions& wanted,
                   Console& console) {
  TRY(const Deployments all, LoadDeployments(DeploymentsPath(workspace)));
  for (const Deployment& one : all.deployments) {
    if (one.stage == DeploymentStage::kRetired) continue;
    std::string& stages = wanted.stages[one.task];
    stages += fmt::format("{}{}", stages.empty() ? "" : ", ", Name(one.stage));
  }
  if (all.tasks.empty()) return {};
  const auto tasks = TaskModel::Load(workspace / all.tasks);
  if (!tasks) {
    console.Err(fmt::format("tasks have no names here: {}\n", tasks.error().ToString()));
    return {};
  }
  for (const TaskInfo& task : tasks->tasks()) wanted.task_names[task.id] = task.name;
  return {};
}

Result<ExitCode> RunReport(const ReportFlags& flags, Console& console) {
  ReportOptions wanted{.filter = flags.filter};
  const int64_t now_ms = Clock::System().WallMs();
  if (!flags.since.empty()) {
    TRY(wanted.filter.since_ms, ParseMomentMs(flags.since, now_ms));
  }
  if (!flags.until.empty()) {
    TRY(wanted.filter.until_ms, ParseMomentMs(flags.until, now_ms));
  }
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const Options options, OpenWorkspace(flags.workspace));
  TRY(const auto store, OpenStore(folder, true));
  TRY_VOID(AddDeployed(folder, wanted, console));
  TRY(const Report report, MakeReport(*store, options, wanted));
  if (!flags.html.empty()) {
    TRY_VOID(WriteFileAtomically(flags.html, ToHtml(report)));
    console.Err(fmt::format("written {}\n", flags.html));
  }
  if (flags.json) {
    console.Out(json::serialize(ToJson(report)) + '\n');
  } else {
    Print(report, console);
  }
  return ExitCode::kOk;
}

}  // namespace

Action DefineReport(CLI::App& app) {
  const auto flags = std::make_shared<ReportFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--since", flags->since, "WHEN", "from then on: 2026-01-31, or 24h for a day ago")
      ->check(IsMoment());
  AddValue(app, "--until", flags->until, "WHEN", "before then")->check(IsMoment());
  AddValue(app, "--agent", flags->filter.agent, "NAME", "of this agent");
  AddValue(app, "--html", flags->html, "FILE", "write it as a page, too");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy report --since 7d --html report.html");
  return [flags](Console& console) { return RunReport(*flags, console); };
}

}  // namespace understudy
