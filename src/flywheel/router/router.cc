#include "flywheel/router/router.h"

#include "base/file.h"

namespace understudy {
namespace {

constexpr std::string_view kReport = "report.json";
constexpr int64_t kSteps = 1000;

Status FitInto(const RouterOptions& options, StageRun& run, FittedRouter& fitted) {
  TRY(const RouterRows rows, ReadRouterRows(options.files, run));
  Status going;
  const auto step = [&](double part) {
    going = run.Step("Fitting", static_cast<int64_t>(part * kSteps), kSteps);
    return going.has_value();
  };
  Result<RouterFit> fit = FitRouter(rows.data, options.fit, step);
  TRY_VOID(going);
  if (!fit) return Fail(std::move(fit).error());
  fitted.report = std::move(fit->report);
  fitted.policy = fit->model.policy;
  run.Count("answers", rows.answers);
  run.Count("unknown_answers", rows.unknown);
  run.Count("fitted", fitted.report.fitted);
  run.Count("tested", fitted.report.rows);
  run.Count("served", fitted.report.served);
  run.Count("wrong", fitted.report.wrong);
  json::object report = ToJson(fitted.report);
  report["policy"] = fitted.policy;
  TRY_VOID(WriteFileAtomically(run.folder() / kRouterFile,
                               json::serialize(ToJson(fit->model)) + '\n', 0600));
  return WriteFileAtomically(run.folder() / kReport, json::serialize(report) + '\n', 0600);
}

Result<StageSpec> SpecOf(const RouterOptions& options) {
  StageSpec spec{.name = "router", .version = "1"};
  const RouterFitOptions& fit = options.fit;
  spec.parameters = {{"worse", fit.promise.worse},
                     {"sure", fit.promise.sure},
                     {"least", fit.Limits().least},
                     {"keep", fit.keep},
                     {"by_group", fit.by_group}};
  spec.seed = fit.seed;
  TRY(spec.inputs, InputsOf(options.files));
  return spec;
}

}  // namespace

Result<FittedRouter> RunRouterStage(const RouterOptions& options, const StagePlace& place,
                                    const StageHooks& hooks) {
  TRY(const StageSpec spec, SpecOf(options));
  FittedRouter fitted;
  TRY(fitted.stage,
      RunStage(spec, place, hooks, [&](StageRun& run) { return FitInto(options, run, fitted); }));
  if (!fitted.stage.unchanged) return fitted;
  TRY(const std::string text, ReadFile(fitted.stage.folder / kReport));
  TRY(const json::value value, ParseJson(text));
  fitted.report = RouterReportFrom(value);
  fitted.policy = StringOr(value, "policy");
  return fitted;
}

}  // namespace understudy
