// `understudy router fit`: from what the SLMs answered to thresholds that keep a promise.
#include "flywheel/router/router.h"

#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/stage_watch.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct FitFlags {
  std::string tasks, out, workspace;
  std::vector<std::string> answers;
  double worse = 5, sure = 95, least = -1, keep = 50;  // percent
  uint64_t seed = 0;
  bool by_group = false, force = false, json = false;
};

RouterOptions OptionsOf(const FitFlags& flags) {
  RouterOptions options;
  options.files.tasks = flags.tasks;
  options.files.answers.assign(flags.answers.begin(), flags.answers.end());
  options.fit.promise = {.worse = flags.worse / 100, .sure = flags.sure / 100};
  options.fit.least = flags.least < 0 ? -1 : flags.least / 100;
  options.fit.keep = flags.keep / 100;
  options.fit.by_group = flags.by_group;
  options.fit.seed = flags.seed;
  return options;
}

double Percent(int64_t part, int64_t all) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<int64_t>(1, all));
}

std::string ShareOf(int64_t part, int64_t all) {
  return all == 0 ? "-" : fmt::format("{:.1f} %", Percent(part, all));
}

Table TaskTable(const RouterReport& report) {
  Table table({{"task"},
               {"calls", Table::Align::kRight},
               {"right", Table::Align::kRight},
               {"tried", Table::Align::kRight},
               {"served", Table::Align::kRight},
               {"wrong", Table::Align::kRight},
               {"wrong of served, 95 %", Table::Align::kRight},
               {"left to the reference because"}});
  for (const RouterReport::Task& task : report.tasks) {
    const std::string interval =
        task.served == 0
            ? "-"
            : fmt::format("{:.1f} to {:.1f} %", 100 * task.error.low, 100 * task.error.high);
    table.Add({task.name, HumanCount(task.rows), ShareOf(task.right, task.rows),
               ShareOf(task.tried, task.rows), ShareOf(task.served, task.rows),
               HumanCount(task.wrong), interval, task.why});
  }
  return table;
}

void PrintPromise(const RouterReport& report, Console& console) {
  const std::string promise =
      fmt::format("at most {:.3g} % worse than the reference, {:.3g} % sure",
                  100 * report.promise.worse, 100 * report.promise.sure);
  if (report.held) {
    console.Out(fmt::format(
        "Promise kept: {}.\nOf {} calls held back, {} ({}) would be served by SLMs, {} of them "
        "wrong: at most {:.2f} % of all calls, with that confidence.\n",
        promise, HumanCount(report.rows), HumanCount(report.served),
        ShareOf(report.served, report.rows), HumanCount(report.wrong), 100 * report.loss_at_most));
    return;
  }
  console.Out(fmt::format("No promise yet: {}.\nThe reference answers every call: {}.\n", promise,
                          report.why));
  const int64_t more = report.needed_if_right - report.rows;
  if (more > 0) {
    console.Out(
        fmt::format("It takes {} more of calls held back if none is wrong", HumanCount(more)));
    if (report.needed_as_seen && *report.needed_as_seen > report.needed_if_right) {
      console.Out(fmt::format(", {} if as many are wrong as now",
                              HumanCount(*report.needed_as_seen - report.rows)));
    }
    console.Out(".\n");
  } else if (report.needed_as_seen && *report.needed_as_seen > report.rows) {
    console.Out(fmt::format("It takes {} more of calls held back if as many are wrong as now.\n",
                            HumanCount(*report.needed_as_seen - report.rows)));
  }
}

void Print(const FittedRouter& fitted, Console& console) {
  const RouterReport& report = fitted.report;
  PrintPromise(report, console);
  console.Out(fmt::format(
      "Fitted on {} calls. How well right is told from wrong (AUC): {:.3f} before generation, "
      "{:.3f} after.\n\n",
      HumanCount(report.fitted), report.before.auc, report.after.auc));
  TaskTable(report).Print(console);
  console.Out(fmt::format(
      "\n{}, {}{}\n", fitted.policy, fitted.stage.folder.string(),
      fitted.stage.unchanged ? ": unchanged, nothing was done again (--force does it)" : ""));
  if (report.by_group || report.groups == report.rows || !report.held) return;
  if (report.p_value_by_group <= 1 - report.promise.sure) return;
  console.Err(fmt::format(
      "note: the {} calls are of {} groups (sessions, near duplicates); counted by groups alone "
      "they would not support the promise (--by-group)\n",
      HumanCount(report.rows), HumanCount(report.groups)));
}

Result<ExitCode> RunFit(const FitFlags& flags, Console& console) {
  StagePlace place{.out = flags.out, .force = flags.force};
  if (flags.out.empty()) {
    TRY(place.workspace, LocateWorkspace(flags.workspace));
  }
  Result<FittedRouter> fitted;
  {
    StageWatch watch(console);
    const StageHooks hooks = watch.Hooks();
    fitted = RunRouterStage(OptionsOf(flags), place, hooks);
  }
  if (!fitted) return Fail(std::move(fitted).error());
  if (!flags.json) {
    Print(*fitted, console);
    return ExitCode::kOk;
  }
  const json::object out{{"report", ToJson(fitted->report)},
                         {"policy", fitted->policy},
                         {"folder", fitted->stage.folder.string()},
                         {"unchanged", fitted->stage.unchanged},
                         {"meta", fitted->stage.meta}};
  console.Out(json::serialize(out) + '\n');
  return ExitCode::kOk;
}

std::string CheckPercent(const std::string& text) {
  char* end = nullptr;
  const double percent = std::strtod(text.c_str(), &end);
  const bool good = end && *end == '\0' && percent > 0 && percent < 100;
  return good ? "" : "a share is more than 0 and less than 100 percent";
}

std::string CheckSeed(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && text.size() <= 18 ? "" : "a seed is a whole number of at most 18 digits";
}

}  // namespace

Action DefineRouterFit(CLI::App& app) {
  const auto flags = std::make_shared<FitFlags>();
  AddValue(app, "--tasks", flags->tasks, "DIR", "what understudy cluster wrote")->required();
  AddValue(app, "--answers", flags->answers, "DIR...",
           "what understudy evaluate wrote, one folder a task")
      ->required();
  AddValue(app, "--worse", flags->worse, "A",
           "percent of the calls that may be answered worse than by the reference (default 5)")
      ->check(CheckPercent);
  AddValue(app, "--sure", flags->sure, "D", "percent of confidence in that (default 95)")
      ->check(CheckPercent);
  AddValue(app, "--least", flags->least, "P",
           "no answer less likely right is served (default: 100 - 4 A, at least 50)")
      ->check(CheckPercent);
  AddValue(app, "--keep", flags->keep, "P",
           "no answer less likely served is generated (default 50)")
      ->check(CheckPercent);
  app.add_flag("--by-group", flags->by_group,
               "count one call of each session or group of near duplicates");
  AddValue(app, "--out", flags->out, "DIR",
           "where the files go (default: runs/router/<hash> in the workspace)");
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--seed", flags->seed, "N", "another one, other draws (default 0)")
      ->check(CheckSeed);
  app.add_flag("--force", flags->force, "do it again although nothing has changed");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy router fit --tasks tasks --answers eval/* --worse 5 --sure 95");
  return [flags](Console& console) { return RunFit(*flags, console); };
}

}  // namespace understudy
