#include "flywheel/refine/refine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "adapter/adapter_registry.h"
#include "base/file.h"
#include "base/line_reader.h"
#include "flywheel/cluster/cluster_flags.h"
#include "flywheel/curate/curate.h"
#include "flywheel/deploy/book.h"
#include "flywheel/evaluate/evaluate.h"
#include "flywheel/refine/collect.h"
#include "flywheel/router/router.h"
#include "flywheel/select/select.h"
#include "flywheel/tune/tune_stage.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPlainBaseRows = 40;  // enough to see whether an adapter is worth it
// Many small steps, and large ones: a task's examples and minutes are few. Of the bundled nano, in
// 90 s on one thread: 75 of 100 unseen look-ups right, where 2e-3 gave 66, and 2048 tokens a
// step 29.
constexpr int64_t kBatchTokens = 1024;
constexpr double kPeakRate = 5e-3;
constexpr std::string_view kRefine = "refine";

// How a base did on one task, as it is and with the adapter trained for it.
struct TunedBase {
  Evaluated plain, tuned;
};

// Name and hash of files that a run's meta.json lists, JSONL alone.
std::map<std::string, std::string> JsonlOf(const json::value& meta, std::string_view list) {
  std::map<std::string, std::string> files;
  const json::value* listed = Find(meta, list);
  if (!listed || !listed->is_array()) return files;
  for (const json::value& each : listed->get_array()) {
    const std::string name(StringOr(each, "file"));
    if (name.ends_with(".jsonl")) files[name] = StringOr(each, "sha256");
  }
  return files;
}

// Tokens that are room enough for any answer of the file's, at two bytes a token at the least: a
// model that does not stop is cut off there, and wrong all the same.
Result<int64_t> AnswerRoom(const fs::path& file) {
  constexpr int64_t kLeast = 64, kMost = 1024;
  TRY(LineReader lines, LineReader::Open(file.string()));
  size_t longest = 0;
  std::string line;
  while (true) {
    TRY(const bool more, lines.Next(line));
    if (!more) break;
    const auto row = ParseJson(line);
    const json::value* response = row ? Find(*row, "response") : nullptr;
    const json::value* choices = response ? Find(*response, "choices") : nullptr;
    if (choices) longest = std::max(longest, json::serialize(*choices).size());
  }
  return std::clamp(static_cast<int64_t>(longest / 2), kLeast, kMost);
}

Result<json::value> ReadJson(const fs::path& file) {
  TRY(const std::string text, ReadFile(file));
  return ParseJson(text);
}

class Turn {
 public:
  Turn(const RefineOptions& options, const StageHooks& hooks) : options_(options), hooks_(hooks) {}

  Status CurateCalls();
  Status FindTasks();
  Status TrainTasks();
  Status FitTheRouter();
  Status DeployTasks();
  Refined Take() { return std::move(refined_); }

 private:
  struct Chosen {
    size_t place;  // in refined_.tasks
    MeasuredCandidate candidate;
  };
  StagePlace Place() const { return {.workspace = options_.folder, .out = {}}; }
  StageHooks HooksFor(std::string_view task) const;
  void Note(std::string_view task, const StageResult& result);
  Result<bool> FoundBefore(const fs::path& previous);
  std::string WhyNot(const TaskReport& task) const;
  Status TrainTask(const TaskReport& task);
  Result<fs::path> ExamplesOf(const Lesson& lesson);
  Result<TunedBase> Train(const TaskReport& task, const fs::path& base);
  Result<Evaluated> Measure(const TaskReport& task, const fs::path& base, const fs::path& adapter,
                            int64_t limit);
  std::string FromWorkspace(const fs::path& path) const;
  Status StartDeployment(DeployBook& book, const Chosen& chosen, const Options& options);

  const RefineOptions& options_;
  const StageHooks& hooks_;
  Refined refined_;
  fs::path curated_, clustered_, router_;
  ClusterReport found_;
  std::vector<Lesson> lessons_;
  std::vector<Chosen> chosen_;
};

// What goes on is told with the task's name before it.
StageHooks Turn::HooksFor(std::string_view task) const {
  StageHooks hooks = hooks_;
  if (hooks_.progress && !task.empty()) {
    hooks.progress = [this, name = std::string(task)](std::string_view what, int64_t done,
                                                      int64_t total) {
      hooks_.progress(fmt::format("{}: {}", name, what), done, total);
    };
  }
  return hooks;
}

void Turn::Note(std::string_view task, const StageResult& result) {
  refined_.steps.push_back({std::string(StringOr(result.meta, "stage")), std::string(task),
                            result.folder, NumberOr(result.meta, "seconds", 0), result.unchanged});
}

Status Turn::CurateCalls() {
  CurateOptions curate{.inputs = options_.inputs,
                       .mask = options_.mask,
                       .shares = options_.shares,
                       .seed = options_.seed};
  std::optional<Collected> collected;
  if (options_.inputs.empty()) {
    if (!options_.store) return Fail(InternalError("neither files nor a store to refine from"));
    TRY(Collected file, Collect(*options_.store, options_.folder / "runs" / "collect", hooks_));
    curate.inputs = {file.path()};
    collected.emplace(std::move(file));
  }
  TRY(Curated curated, Curate(curate, Place(), hooks_));
  Note("", *curated.stage);
  curated_ = curated.stage->folder;
  refined_.calls = curated.report.rows;
  refined_.examples = curated.report.kept;
  return {};
}

// True where the deployed tasks were found in these very calls: finding them again, with the
// earlier ones as a guide, would be another run and change nothing.
Result<bool> Turn::FoundBefore(const fs::path& previous) {
  const auto then = ReadJson(previous / "meta.json");
  const auto now = ReadJson(curated_ / "meta.json");
  if (!then || !now || JsonlOf(*then, "inputs") != JsonlOf(*now, "outputs")) return false;
  TRY(const json::value tasks, ReadJson(previous / "tasks.json"));
  TRY(found_, ClusterReportFrom(tasks));
  clustered_ = previous;
  Note("", {.folder = previous, .meta = then->as_object(), .unchanged = true});
  return true;
}

// By a program of its own, the only user of faiss.
Status Turn::FindTasks() {
  ClusterFlags flags;
  flags.inputs = {curated_.string()};
  flags.workspace = options_.folder.string();
  TRY(const Deployments now, LoadDeployments(DeploymentsPath(options_.folder)));
  if (const fs::path previous = options_.folder / now.tasks;
      !now.tasks.empty() && fs::exists(previous)) {
    TRY(const bool found, FoundBefore(previous));
    if (found) return {};
    flags.previous = previous.string();
  }
  TRY(Clustered clustered, ClusterByProgram(options_.cluster_program, flags, hooks_));
  Note("", clustered.stage);
  clustered_ = clustered.stage.folder;
  found_ = std::move(clustered.report);
  return {};
}

std::string Turn::WhyNot(const TaskReport& task) const {
  if (!task.replaceable) return task.why;
  const auto rows = [&](Part part) { return task.rows[static_cast<size_t>(part)]; };
  if (rows(Part::kTrain) < options_.least_rows) {
    return fmt::format("{} examples to learn from; it takes {}", rows(Part::kTrain),
                       options_.least_rows);
  }
  for (const Part part : {Part::kValid, Part::kCalib, Part::kTest}) {
    if (rows(part) == 0) return fmt::format("no example for {}", Name(part));
  }
  return {};
}

Result<Evaluated> Turn::Measure(const TaskReport& task, const fs::path& base,
                                const fs::path& adapter, int64_t limit) {
  EvaluateOptions evaluate;
  evaluate.base = base;
  evaluate.adapter = adapter;
  evaluate.inputs = {clustered_ / task.id};
  evaluate.task = task.id;
  evaluate.limit = limit;
  evaluate.threads = options_.threads;
  TRY(evaluate.most_tokens, AnswerRoom(clustered_ / task.id / "train.jsonl"));
  evaluate.runtime = options_.runtime;
  evaluate.home = options_.folder;
  TRY(Evaluated measured, Evaluate(evaluate, Place(), HooksFor(task.name)));
  Note(task.name, measured.stage);
  return measured;
}

// The folder of what a lesson trains on.
Result<fs::path> Turn::ExamplesOf(const Lesson& lesson) {
  std::vector<fs::path> folders;
  for (const std::string& task : lesson.tasks) folders.push_back(clustered_ / task);
  if (folders.size() == 1) return folders.front();
  TRY(const StageResult mixed, MixExamples(folders, Place(), HooksFor(lesson.name)));
  return mixed.folder;
}

// Tasks that share an adapter ask for the same training: the first one runs it.
Result<TunedBase> Turn::Train(const TaskReport& task, const fs::path& base) {
  const auto has = [&](const Lesson& each) { return std::ranges::count(each.tasks, task.id) > 0; };
  const Lesson& lesson = *std::ranges::find_if(lessons_, has);
  TRY(const fs::path examples, ExamplesOf(lesson));
  TunedBase tuned;
  TRY(tuned.plain, Measure(task, base, {}, std::min(kPlainBaseRows, options_.evaluate_rows)));
  TuneOptions settings;
  settings.base = base.string();
  settings.data = (examples / "train.jsonl").string();
  settings.valid = (examples / "valid.jsonl").string();
  settings.task = lesson.name;
  settings.minutes = options_.minutes * static_cast<double>(lesson.tasks.size());
  settings.batch_tokens = kBatchTokens;
  settings.lr = kPeakRate;
  settings.threads = options_.threads;
  settings.epochs = options_.epochs;
  settings.seed = static_cast<int64_t>(options_.seed);
  TRY(const StageResult trained,
      RunTuneStage(settings, options_.train_program, Place(),
                   HooksFor(lesson.tasks.size() == 1 ? task.name : lesson.name)));
  Note(task.name, trained);
  TRY(tuned.tuned, Measure(task, base, trained.folder / "adapter.gguf", options_.evaluate_rows));
  return tuned;
}

Status Turn::TrainTasks() {
  std::vector<Learner> learners;
  for (const TaskReport& task : found_.tasks) {
    if (WhyNot(task).empty()) learners.push_back({task.id, std::string(Name(task.kind))});
  }
  lessons_ = PlanLessons(learners, options_.sharing);
  for (const TaskReport& task : found_.tasks) TRY_VOID(TrainTask(task));
  return {};
}

// Of one task: every base as it is and trained, and the choice among them.
Status Turn::TrainTask(const TaskReport& task) {
  RefinedTask row{.id = task.id, .name = task.name, .kind = std::string(Name(task.kind))};
  row.train_rows = task.rows[static_cast<size_t>(Part::kTrain)];
  row.test_rows = task.rows[static_cast<size_t>(Part::kTest)];
  row.why = WhyNot(task);
  if (!row.why.empty()) {
    refined_.tasks.push_back(std::move(row));
    return {};
  }
  std::vector<MeasuredCandidate> candidates;
  for (const fs::path& base : options_.bases) {
    TRY(TunedBase tuned, Train(task, base));
    for (const Evaluated* each : {&tuned.plain, &tuned.tuned}) {
      candidates.push_back({.folder = each->stage.folder, .card = each->card});
    }
  }
  TRY(const Selection selection, Choose(std::move(candidates), "valid", {}, ProbeMachine()));
  const MeasuredCandidate& best = selection.candidates[selection.chosen];
  row.why = selection.why;
  if (best.quality.right == 0) {
    row.why = fmt::format(
        "no candidate answered any of {} validation examples as the reference "
        "did",
        best.quality.total);
    refined_.tasks.push_back(std::move(row));
    return {};
  }
  row.base = best.card.base.file;
  if (best.card.adapter) row.adapter = best.card.adapter->file;
  for (const MeasuredCandidate& each : selection.candidates) {
    const auto test = each.card.parts.find("test");
    if (test == each.card.parts.end() || each.card.base.sha256 != best.card.base.sha256) continue;
    auto& side = each.card.adapter ? row.tuned : row.plain;
    side = test->second.all;
  }
  refined_.tasks.push_back(std::move(row));
  chosen_.push_back({refined_.tasks.size() - 1, best});
  return {};
}

Status Turn::FitTheRouter() {
  if (chosen_.empty()) {
    refined_.promise = "no task has a candidate: every call stays with the reference";
    return {};
  }
  RouterOptions router;
  router.files.tasks = clustered_;
  for (const Chosen& each : chosen_) router.files.answers.push_back(each.candidate.folder);
  router.fit.promise = {.worse = options_.worse, .sure = options_.sure};
  router.fit.seed = options_.seed;
  TRY(const FittedRouter fitted, RunRouterStage(router, Place(), HooksFor("router")));
  Note("", fitted.stage);
  const RouterReport& report = fitted.report;
  router_ = fitted.stage.folder / kRouterFile;
  refined_.promised = report.held;
  refined_.served_share =
      report.rows == 0 ? 0 : static_cast<double>(report.served) / static_cast<double>(report.rows);
  refined_.promise =
      report.held
          ? fmt::format(
                "at most {:g} % of calls served worse, {:g} % sure: {} of {} served, {} "
                "wrong",
                options_.worse * 100, options_.sure * 100, report.served, report.rows, report.wrong)
          : report.why;
  for (RefinedTask& task : refined_.tasks) {
    const auto of = std::ranges::find(report.tasks, task.id, &RouterReport::Task::id);
    if (of == report.tasks.end()) continue;
    task.served = of->served;
    task.wrong = of->wrong;
    task.calibrated = of->rows;
    if (!task.base.empty() && task.served == 0 && !of->why.empty()) task.why = of->why;
  }
  return {};
}

// As deployments.json names what lies in the workspace, wherever that may be moved to.
std::string Turn::FromWorkspace(const fs::path& path) const {
  const fs::path inside = fs::absolute(path).lexically_relative(options_.folder);
  const bool outside = inside.empty() || *inside.begin() == "..";
  return outside ? fs::absolute(path).string() : inside.string();
}

// Where the candidate's adapter lies among the task's versions, from the workspace; as it is where
// it is none of them yet.
Result<std::string> HomeOf(const std::string& task, const CandidateCard& card,
                           const fs::path& workspace) {
  if (!card.adapter) return std::string();
  TRY(const auto held, AdapterRegistry(workspace).Holding(task, card.adapter->sha256));
  return held ? held->gguf().lexically_relative(workspace).string() : card.adapter->file;
}

Status Turn::StartDeployment(DeployBook& book, const Chosen& chosen, const Options& options) {
  RefinedTask& task = refined_.tasks[chosen.place];
  const std::string model = fs::path(task.base).stem().string();
  const int64_t now = hooks_.clock->WallMs();
  const DeployReason reason{std::string(kRefine), refined_.promise, {}};
  TRY(const std::string home, HomeOf(task.id, chosen.candidate.card, options_.folder));
  for (const Deployment& old : book.deployments().deployments) {
    const bool same = old.task == task.id && old.model == model &&
                      (old.adapter_path == task.adapter || old.adapter_path == home);
    if (!same) continue;
    // It is there already, in the stage that it has earned.
    if (old.stage != DeploymentStage::kRetired) return {};
    const DeployState& state = book.StateOf(old);
    if (!state.refuted || state.promise.worse < options_.worse) continue;
    task.why = fmt::format("{} is what {} served, which broke its promise: it takes more calls",
                           old.adapter.empty() ? old.model : old.adapter, old.id);
    return {};
  }
  if (const Deployment* old = book.deployments().Of(task.id, DeploymentStage::kShadow)) {
    TRY_VOID(book.Move(old->id, DeploymentStage::kRetired, reason, now));
  }
  DeployStart start;
  start.task = task.id;
  start.model = model;
  start.gguf = task.base;
  start.adapter_path = task.adapter;
  start.adopt = true;
  TRY(start.most_tokens, AnswerRoom(clustered_ / task.id / "train.jsonl"));
  start.scorecard = FromWorkspace(chosen.candidate.folder / "scorecard.json");
  start.promise = {.worse = options_.worse, .sure = options_.sure};
  TRY(const Deployment begun, book.Start(start, options, std::string(kRefine), now));
  if (options_.start == DeploymentStage::kShadow) return {};
  return book.Move(begun.id, options_.start, reason, now);
}

Status Turn::DeployTasks() {
  if (!refined_.promised) return {};
  TRY(DeployBook book, DeployBook::Open(options_.folder));
  book.Use(FromWorkspace(clustered_), FromWorkspace(router_));
  for (const Chosen& chosen : chosen_) {
    if (refined_.tasks[chosen.place].served == 0) continue;
    TRY_VOID(StartDeployment(book, chosen, options_.config));
  }
  TRY_VOID(book.Save());
  refined_.deployments = DeploymentsPath(options_.folder);
  return {};
}

Status CheckOptions(const RefineOptions& options) {
  if (options.bases.empty()) {
    return Fail(InvalidInput("no base model is at hand to learn the tasks")
                    .Mend("Name one with --base FILE.gguf; weights/understudy-base.gguf comes "
                          "with Understudy."));
  }
  return CheckPromise({.worse = options.worse, .sure = options.sure});
}

}  // namespace

Result<Refined> Refine(const RefineOptions& options, const StageHooks& hooks) {
  TRY_VOID(CheckOptions(options));
  RefineOptions settled = options;
  settled.folder = fs::absolute(options.folder).lexically_normal();
  Turn turn(settled, hooks);
  TRY_VOID(turn.CurateCalls());
  TRY_VOID(turn.FindTasks());
  TRY_VOID(turn.TrainTasks());
  TRY_VOID(turn.FitTheRouter());
  TRY_VOID(turn.DeployTasks());
  return turn.Take();
}

}  // namespace understudy
