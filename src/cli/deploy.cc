// `understudy deploy`: what serves which task, in which stage (flywheel/deploy).
#include <signal.h>

#include "access/audit_entry.h"
#include "base/clock.h"
#include "cli/adapter_versions.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/deploy_view.h"
#include "cli/exchange_file.h"
#include "cli/flags.h"
#include "cli/progress.h"
#include "cli/serve_file.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "flywheel/deploy/step.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct CommonFlags {
  std::string workspace;
  bool json = false, dry_run = false, no_reload = false;
};
struct StartFlags : CommonFlags {
  DeployStart start;
  double worse = 2, sure = 95;  // percent
};
struct StepFlags : CommonFlags {
  std::vector<std::string> files;
};
struct MoveFlags : CommonFlags {
  std::string id, to, why;
};

int64_t NowMs() {
  return Clock::System().WallMs();
}

// A model elsewhere takes no adapters: it serves as it is.
bool IsElsewhere(const std::string& name, const Options& options) {
  const auto model = std::ranges::find(options.models, name, &ModelOptions::name);
  return model != options.models.end() && model->kind != "local";
}

// The adapter's file and its name, where only the task was given: its newest version.
Status FillInAdapter(DeployStart& start, const Options& options) {
  if (!start.adapter_path.empty() || !start.adapter.empty()) return {};
  if (IsElsewhere(start.model, options)) return {};
  const fs::path workspace = options.workspace;
  const fs::path folder = fs::path("adapters") / start.task;
  int64_t newest = 0;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(workspace / folder, missing)) {
    const std::string name = entry.path().filename().string();
    const int64_t number = name.starts_with('v') ? std::atoll(name.c_str() + 1) : 0;
    if (number > newest && Exists(entry.path() / "adapter.gguf")) newest = number;
  }
  if (newest == 0) {
    return Fail(NotFound(fmt::format("task {} has no adapter yet", start.task))
                    .At((workspace / folder).string())
                    .Mend("Train one with understudy tune, or name a file with --file and "
                          "--adapter."));
  }
  start.adapter = fmt::format("{}-v{}", start.task, newest);
  start.adapter_path = (folder / fmt::format("v{}", newest) / "adapter.gguf").string();
  return {};
}

// A path that was typed, from the workspace's point of view.
std::string Resolved(const std::string& path, const fs::path& workspace) {
  if (path.empty() || fs::path(path).is_absolute() || Exists(workspace / path)) return path;
  return fs::absolute(path).string();
}

void TellGateway(const CommonFlags& flags, const fs::path& workspace, Console& console) {
  const auto serving = FindServe(workspace);
  if (!serving) return;
  if (flags.no_reload) {
    console.Err(
        fmt::format("A gateway is running; it takes this over with: kill -HUP {}\n", serving->pid));
  } else if (::kill(static_cast<pid_t>(serving->pid), SIGHUP) == 0) {
    console.Err("The running gateway was told to take this over.\n");
  } else {
    console.Err(fmt::format("The running gateway could not be told: kill -HUP {}\n", serving->pid));
  }
}

// Saves what was done, unless nothing was or nothing should be.
Status Finish(DeployBook& book, const CommonFlags& flags, Console& console) {
  const bool changed = !book.steps().empty();
  if (flags.dry_run) return {};
  for (const DeployStep& step : book.steps()) {
    TRY_VOID(NoteInAudit(book.workspace(), audit_action::kDeployed, step.id,
                         fmt::format("{} to {}", step.from, step.to)));
  }
  TRY_VOID(book.Save());
  if (changed) TellGateway(flags, book.workspace(), console);
  return {};
}

Result<ExitCode> List(const CommonFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(auto book, DeployBook::Open(folder));
  const auto standings = Standings(book);
  TRY(const auto versions, AdapterVersions(folder, book.deployments()));
  if (!flags.json) {
    console.Out(DeploymentsText(book, standings) + AdapterVersionsText(versions));
    return ExitCode::kOk;
  }
  json::object out = DeploymentsJson(book, standings);
  out["adapters"] = AdapterVersionsJson(versions, folder);
  console.Out(json::serialize(out) + '\n');
  return ExitCode::kOk;
}

Result<ExitCode> Start(StartFlags flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  DeployStart& start = flags.start;
  start.promise = {flags.worse / 100, flags.sure / 100};
  TRY_VOID(FillInAdapter(start, options));
  for (std::string* path :
       {&start.adapter_path, &start.gguf, &start.scorecard, &start.tasks, &start.router}) {
    *path = Resolved(*path, options.workspace);
  }
  start.adopt = !flags.dry_run;
  if (flags.dry_run && start.adapter.empty() && !start.adapter_path.empty()) {
    start.adapter = start.task + "-new";  // its version is not known before it is taken over
  }
  TRY(auto book, DeployBook::Open(options.workspace));
  TRY(const Deployment one, book.Start(start, options, UserAtHand(), NowMs()));
  const std::string out = StepsOut(book, flags.json);
  TRY_VOID(Finish(book, flags, console));
  console.Out(out);
  return ExitCode::kOk;
}

Result<ExitCode> Move(const MoveFlags& flags, DeploymentStage to, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(auto book, DeployBook::Open(folder));
  const std::string why = flags.why.empty() ? "asked for" : flags.why;
  TRY_VOID(book.Move(flags.id, to, {UserAtHand(), why}, NowMs()));
  const std::string out = StepsOut(book, flags.json);
  TRY_VOID(Finish(book, flags, console));
  console.Out(out);
  return ExitCode::kOk;
}

// One stage on, or as --to says.
Result<ExitCode> Promote(const MoveFlags& flags, Console& console) {
  if (!flags.to.empty()) {
    TRY(const DeploymentStage to, ParseDeploymentStage(flags.to));
    return Move(flags, to, console);
  }
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const Deployments all, LoadDeployments(DeploymentsPath(folder)));
  const Deployment* const one = all.Find(flags.id);
  switch (one ? one->stage : DeploymentStage::kLive) {
    case DeploymentStage::kRetired: return Move(flags, DeploymentStage::kShadow, console);
    case DeploymentStage::kShadow: return Move(flags, DeploymentStage::kCanary, console);
    default: return Move(flags, DeploymentStage::kLive, console);
  }
}

Result<ExitCode> Rollback(const MoveFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const Deployments all, LoadDeployments(DeploymentsPath(folder)));
  const Deployment* const one = all.Find(flags.id);
  const Deployment* const shadow = one ? all.Of(one->task, DeploymentStage::kShadow) : nullptr;
  return Move(flags, shadow && shadow != one ? DeploymentStage::kRetired : DeploymentStage::kShadow,
              console);
}

DeployRows RowsOfStore(UsageStore& store, Console& console) {
  return [&store, &console](int64_t since_ms, const std::function<bool(Exchange&&)>& each) {
    ExchangeFilter filter;
    filter.since_ms = since_ms;
    filter.with_bodies = false;
    const auto total = store.Count(filter);
    Progress progress(console, "Counting", total.value_or(0));
    return store.Scan(filter, [&](Exchange&& exchange) {
      progress.Add(1);
      return each(std::move(exchange));
    });
  };
}

DeployRows RowsOfFiles(const std::vector<std::string>& files, Console& console) {
  return
      [&files, &console](int64_t since_ms, const std::function<bool(Exchange&&)>& each) -> Status {
        TRY(const auto counts,
            ReadExchanges(files, console, "Counting", [&](Exchange&& exchange) -> Result<bool> {
              return exchange.at_ms < since_ms || each(std::move(exchange));
            }));
        console.Err(DescribeBadLines(counts));
        return {};
      };
}

Result<ExitCode> Step(const StepFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(auto book, DeployBook::Open(folder));
  std::unique_ptr<UsageStore> store;
  if (flags.files.empty()) {
    TRY(store, OpenStore(folder, true));
  }
  const DeployRows rows = store ? RowsOfStore(*store, console) : RowsOfFiles(flags.files, console);
  TRY(const auto standings, StepDeployments(book, rows, NowMs()));
  const std::string out =
      flags.json ? json::serialize(StepJson(book, standings)) + '\n' : StandingsText(standings);
  TRY_VOID(Finish(book, flags, console));
  console.Out(out);
  return ExitCode::kOk;
}

void AddCommon(CLI::App& app, CommonFlags& flags) {
  AddWorkspaceFlag(app, flags.workspace);
  app.add_flag("--dry-run", flags.dry_run, "say what would be done, change nothing");
  app.add_flag("--no-reload", flags.no_reload, "do not tell a running gateway");
  AddJsonFlag(app, flags.json);
}

void AddMove(CLI::App& app, MoveFlags& flags) {
  app.add_option("ID", flags.id, "the deployment's id")->required();
  AddValue(app, "--why", flags.why, "TEXT", "kept in the log of steps");
  AddCommon(app, flags);
}

}  // namespace

Action DefineDeployList(CLI::App& app) {
  const auto flags = std::make_shared<CommonFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy deploy list");
  return [flags](Console& console) { return List(*flags, console); };
}

Action DefineDeployStart(CLI::App& app) {
  const auto flags = std::make_shared<StartFlags>();
  DeployStart& start = flags->start;
  AddValue(app, "--task", start.task, "ID", "the task that it shall serve")->required();
  AddValue(app, "--model", start.model, "NAME", "the local model, of config.toml or a new one")
      ->required();
  AddValue(app, "--file", start.adapter_path, "PATH",
           "the adapter, GGUF, copied to adapters/TASK/vN (default: the task's newest there)");
  AddValue(app, "--adapter", start.adapter, "NAME", "what to call it (default: TASK-vN)");
  AddValue(app, "--gguf", start.gguf, "PATH", "file of a model that config.toml does not name");
  AddValue(app, "--context", start.context, "TOKENS", "of a new model, a slot (default 4096)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20));
  AddValue(app, "--slots", start.slots, "N", "of a new model: answers at once (default 4)")
      ->check(CLI::Range(int64_t{1}, int64_t{256}));
  AddValue(app, "--share", start.share, "P", "of the sessions, as canary, 0 to 1 (default 0.1)")
      ->check(CLI::Range(0.0, 1.0));
  AddValue(app, "--worse", flags->worse, "PERCENT",
           "of its answers may differ from the reference's (default 2)");
  AddValue(app, "--sure", flags->sure, "PERCENT", "to be of that in each stage (default 95)");
  AddValue(app, "--scorecard", start.scorecard, "PATH", "where its figures are");
  AddValue(app, "--tasks", start.tasks, "DIR", "the task model that calls are assigned by");
  AddValue(app, "--router", start.router, "PATH", "the router.json that calls are decided by");
  AddCommon(app, *flags);
  app.footer("  understudy deploy start --task t-9f2c11d0 --model understudy-base");
  return [flags](Console& console) { return Start(*flags, console); };
}

Action DefineDeployStep(CLI::App& app) {
  const auto flags = std::make_shared<StepFlags>();
  AddValue(app, "--in", flags->files, "FILE...", "exchange JSONL in place of the usage store");
  AddCommon(app, *flags);
  app.footer("  understudy deploy step --dry-run");
  return [flags](Console& console) { return Step(*flags, console); };
}

Action DefineDeployPromote(CLI::App& app) {
  const auto flags = std::make_shared<MoveFlags>();
  AddMove(app, *flags);
  AddValue(app, "--to", flags->to, "STAGE", "canary or live (default: the next one)")
      ->check(CLI::IsMember({"canary", "live"}));
  app.footer("  understudy deploy promote d-1a2b3c4d --why 'checked by hand'");
  return [flags](Console& console) { return Promote(*flags, console); };
}

Action DefineDeployRollback(CLI::App& app) {
  const auto flags = std::make_shared<MoveFlags>();
  AddMove(app, *flags);
  app.footer("  understudy deploy rollback d-1a2b3c4d --why 'wrong dates'");
  return [flags](Console& console) { return Rollback(*flags, console); };
}

Action DefineDeployRetire(CLI::App& app) {
  const auto flags = std::make_shared<MoveFlags>();
  AddMove(app, *flags);
  app.footer("  understudy deploy retire d-1a2b3c4d");
  return [flags](Console& console) { return Move(*flags, DeploymentStage::kRetired, console); };
}

}  // namespace understudy
