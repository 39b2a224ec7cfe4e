// `understudy refine`: one turn of the wheel, from recorded calls to small models that serve.
#include "flywheel/refine/refine.h"

#include <csignal>

#include "access/audit_entry.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/helper_program.h"
#include "cli/mask_key.h"
#include "cli/serve_file.h"
#include "cli/stage_watch.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct RefineFlags {
  std::vector<std::string> files, bases;
  std::string workspace, out, key_file, split = "60/6/17/17", start = "shadow", share = "each";
  double worse = 5, sure = 95, minutes = 5, epochs = 20;
  int64_t least_rows = 60, evaluate_rows = 400, threads = 0;
  uint64_t seed = 1;
  bool no_mask = false, no_reload = false, json = false;
};

// Of the config: its local models' files, where none are named.
std::vector<std::filesystem::path> BasesOf(const RefineFlags& flags, const Options& config) {
  std::vector<std::filesystem::path> bases;
  for (const std::string& base : flags.bases) bases.push_back(std::filesystem::absolute(base));
  if (!bases.empty()) return bases;
  for (const ModelOptions& model : config.models) {
    if (model.kind != "local") continue;
    const std::filesystem::path gguf = config.workspace / std::filesystem::path(model.gguf);
    if (std::ranges::find(bases, gguf) == bases.end()) bases.push_back(gguf);
  }
  return bases;
}

Result<RefineOptions> OptionsOf(const RefineFlags& flags) {
  RefineOptions options;
  const bool apart = !flags.out.empty();
  if (apart && flags.files.empty()) {
    return Fail(InvalidInput("--out needs --in: the store belongs to a workspace")
                    .Mend("Name the calls with --in FILE, or leave --out away."));
  }
  if (apart) {
    options.folder = std::filesystem::absolute(flags.out);
  } else {
    TRY(options.folder, LocateWorkspace(flags.workspace));
    TRY(options.config, OpenWorkspace(flags.workspace));
  }
  options.config.workspace = options.folder.string();
  options.runtime = options.config.runtime;
  for (const std::string& file : flags.files) options.inputs.emplace_back(file);
  options.bases = BasesOf(flags, options.config);
  TRY(options.shares, ParseShares(flags.split));
  TRY(options.start, ParseDeploymentStage(flags.start));
  if (!flags.no_mask) {
    TRY(options.mask, ReadMaskKey(flags.key_file, flags.workspace));
  }
  TRY(options.sharing, ParseAdapterSharing(flags.share));
  options.worse = flags.worse / 100;
  options.sure = flags.sure / 100;
  options.minutes = flags.minutes;
  options.epochs = flags.epochs;
  options.least_rows = flags.least_rows;
  options.evaluate_rows = flags.evaluate_rows;
  options.threads = flags.threads;
  options.seed = flags.seed;
  TRY(options.train_program, FindHelper(kTrainProgram));
  TRY(options.cluster_program, FindHelper(kClusterProgram));
  return options;
}

std::string Exact(const ShareRow& row) {
  return row.total == 0 ? "-" : fmt::format("{} of {}", row.right, row.total);
}

void Print(const Refined& refined, Console& console) {
  using enum Table::Align;
  console.Out(fmt::format("{}, {} fit to learn from; {}\n\n", Counted(refined.calls, "call"),
                          HumanCount(refined.examples),
                          Counted(static_cast<int64_t>(refined.tasks.size()), "task")));
  Table table({{"task"},
               {"answers"},
               {"learned from", kRight},
               {"base right", kRight},
               {"trained right", kRight},
               {"served", kRight},
               {"wrong", kRight},
               {"why"}});
  for (const RefinedTask& task : refined.tasks) {
    table.Add({task.name, task.kind, HumanCount(task.train_rows), Exact(task.plain),
               Exact(task.tuned), fmt::format("{} of {}", task.served, task.calibrated),
               HumanCount(task.wrong), task.why});
  }
  table.Print(console);
  console.Out(
      fmt::format("\n{}: {}\n", refined.promised ? "promise" : "no promise", refined.promise));
}

// The gateway that serves the workspace takes the new deployments at once.
void TellGateway(const Refined& refined, const RefineOptions& options, Console& console) {
  if (refined.deployments.empty()) return;
  console.Err(fmt::format("written {}\n", refined.deployments.string()));
  const auto serve = FindServe(options.folder);
  if (!serve) return;
  if (::kill(static_cast<pid_t>(serve->pid), SIGHUP) == 0) {
    console.Err(fmt::format("the gateway at {} loads it\n", serve->url));
  }
}

Result<ExitCode> RunRefine(const RefineFlags& flags, Console& console) {
  TRY(RefineOptions options, OptionsOf(flags));
  std::unique_ptr<UsageStore> store;
  if (options.inputs.empty()) {
    TRY(store, OpenStore(options.folder, true));
    options.store = store.get();
    TRY(const int64_t calls, store->Count({}));
    TRY_VOID(
        NoteInAudit(options.folder, audit_action::kCollect, "refine", Counted(calls, "exchange")));
  }
  Result<Refined> refined;
  {
    StageWatch watch(console, "Curating");
    refined = Refine(options, watch.Hooks());
  }
  if (!refined) return Fail(std::move(refined).error());
  if (!refined->deployments.empty() && flags.out.empty()) {
    TRY_VOID(NoteInAudit(options.folder, audit_action::kDeployed, "refine",
                         "written " + refined->deployments.filename().string()));
  }
  if (!flags.no_reload) TellGateway(*refined, options, console);
  if (flags.json) {
    console.Out(json::serialize(ToJson(*refined)) + '\n');
  } else {
    Print(*refined, console);
  }
  return ExitCode::kOk;
}

}  // namespace

Action DefineRefine(CLI::App& app) {
  const auto flags = std::make_shared<RefineFlags>();
  AddValue(app, "--in", flags->files, "FILE...",
           "exchange JSONL (default: what the workspace's store recorded)");
  AddValue(app, "--out", flags->out, "DIR", "folder to work in, in place of a workspace");
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--base", flags->bases, "FILE...",
           "small models to train, GGUF (default: the config's local models)");
  AddValue(app, "--worse", flags->worse, "PERCENT",
           "the promise: of all calls at most so many are served worse (default 5)")
      ->check(CLI::Range(0.01, 50.0));
  AddValue(app, "--sure", flags->sure, "PERCENT", "and how sure that is (default 95)")
      ->check(CLI::Range(50.0, 99.99));
  AddValue(app, "--minutes", flags->minutes, "N", "of training, a task and base (default 5)")
      ->check(CLI::Range(0.05, 1e5));
  AddValue(app, "--epochs", flags->epochs, "N", "over a task's examples at most (default 20)")
      ->check(CLI::Range(0.1, 1e4));
  AddValue(app, "--share", flags->share, "HOW",
           "adapters among tasks: each its own, or one for all of a kind (default each)")
      ->check(CLI::IsMember({"each", "kind"}));
  AddValue(app, "--least-rows", flags->least_rows, "N",
           "examples that a task needs to be trained (default 60)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  AddValue(app, "--evaluate-rows", flags->evaluate_rows, "N",
           "of each part of a task to measure on, at most (default 400)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  AddValue(app, "--threads", flags->threads, "N", "of training and measuring (default: one a core)")
      ->check(CLI::Range(int64_t{0}, int64_t{1024}));
  AddValue(app, "--split", flags->split, "T/V/C/T",
           "percent of train/valid/calib/test (default 60/6/17/17)");
  AddValue(app, "--start", flags->start, "STAGE",
           "where a new deployment begins: shadow, canary or live (default shadow)")
      ->check(CLI::IsMember({"shadow", "canary", "live"}));
  AddValue(app, "--key-file", flags->key_file, "FILE",
           "secret that personal data is masked with (default: the workspace's)");
  app.add_flag("--no-mask", flags->no_mask, "leave personal data as it is");
  AddValue(app, "--seed", flags->seed, "N", "another one, another split and start (default 1)");
  app.add_flag("--no-reload", flags->no_reload, "do not tell the gateway that serves here");
  AddJsonFlag(app, flags->json);
  app.footer(
      "  understudy refine --worse 5 --sure 95 --minutes 10\n\n"
      "Collects, curates, clusters, trains, measures, fits the router and deploys; does again only "
      "what changed. Interrupted, it goes on where it was.");
  return [flags](Console& console) { return RunRefine(*flags, console); };
}

}  // namespace understudy
