#include "flywheel/tune/tune_stage.h"

#include <cmath>

#include "base/file.h"
#include "flywheel/stage_program.h"

namespace understudy {
namespace {

constexpr std::string_view kResult = "result.json";
constexpr int64_t kProgressParts = 1000;

// All that decides the adapter but the files' places, which are inputs.
json::object Parameters(const TuneOptions& settings) {
  json::object parameters = TuneSettings(settings);
  for (const char* place : {"base", "data", "valid", "out", "workspace", "replay", "resume",
                            "dry-run", "json", "threads", "seed"})
    parameters.erase(place);
  return parameters;
}

// What of the whole is done, in thousandths, by the program's own estimate.
int64_t DoneOf(const json::object& progress) {
  const double done = NumberOr(progress, "minutes", 0);
  const double left = NumberOr(progress, "minutes_left", 0);
  return done + left <= 0 ? 0 : std::llround(kProgressParts * done / (done + left));
}

}  // namespace

Result<StageResult> RunTuneStage(const TuneOptions& settings, const std::filesystem::path& program,
                                 const StagePlace& place, const StageHooks& hooks) {
  StageSpec spec{.name = "tune",
                 .version = "2",  // beginnings are shared
                 .parameters = Parameters(settings),
                 .seed = static_cast<uint64_t>(settings.seed),
                 .inputs = {settings.base, settings.data},
                 .resumes = true};
  if (!settings.valid.empty()) spec.inputs.emplace_back(settings.valid);
  if (!settings.replay.empty()) spec.inputs.emplace_back(settings.replay);
  return RunStage(spec, place, hooks, [&](StageRun& run) -> Status {
    TuneOptions options = settings;
    options.out = run.folder().string();
    options.workspace.clear();
    options.resume = run.resumed();
    options.dry_run = false;
    options.json = true;
    std::vector<std::string> arguments = TuneArguments(options);
    arguments.insert(arguments.begin(), {program.string(), "tune"});
    json::object result;
    const auto line = [&](const json::object& said) {
      if (const json::value* progress = said.if_contains("progress");
          progress && progress->is_object() && hooks.progress) {
        hooks.progress("Training " + settings.task, DoneOf(progress->get_object()), kProgressParts);
      }
      if (const json::value* ended = said.if_contains("result"); ended && ended->is_object()) {
        result = ended->get_object();
      }
    };
    TRY_VOID(RunStageProgram(arguments, line, hooks.stop));
    if (result.empty()) return Fail(InternalError("understudy-train ended without a result"));
    const json::object kept{{"ended", result["ended"]},
                            {"steps", result["steps"]},
                            {"minutes", result["minutes"]},
                            {"before", result["before"]},
                            {"after", result["after"]}};
    run.Count("steps", IntOr(kept, "steps", 0));
    run.Count("valid_right", IntOr(kept.at("after"), "right", 0));
    run.Count("valid_total", IntOr(kept.at("after"), "total", 0));
    return WriteFileAtomically(run.folder() / kResult, json::serialize(kept) + '\n');
  });
}

}  // namespace understudy
