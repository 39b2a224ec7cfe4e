// `understudy-train tune`: what a person sees of a training.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "dataset/score.h"
#include "nn/program/commands.h"
#include "nn/tune.h"

namespace understudy::nn {
namespace {

constexpr int kStopped = 130;  // as a shell says of SIGINT

std::atomic<bool> g_stop{false};

void OnSignal(int) {
  g_stop = true;
}

std::string Duration(double minutes) {
  if (minutes < 1) return fmt::format("{:.0f} s", minutes * 60);
  if (minutes < 120) return fmt::format("{:.1f} min", minutes);
  return fmt::format("{:.1f} h", minutes / 60);
}

std::string Bar(double share) {
  constexpr int kWidth = 24;
  const int full = std::clamp(static_cast<int>(share * kWidth), 0, kWidth);
  return fmt::format("[{:=<{}}{: <{}}]", "", full, "", kWidth - full);
}

double Share(const TuneProgress& progress) {
  const double all = progress.minutes + progress.minutes_left;
  return all > 0 ? progress.minutes / all : 0;
}

json::object ToJson(const TunePlan& plan) {
  return {{"adapter_parameters", plan.parameters},
          {"base_parameters", plan.base_parameters},
          {"matrices", plan.targets},
          {"steps", plan.steps},
          {"epoch_tokens", plan.epoch_tokens},
          {"tokens_per_s", plan.tokens_per_s},
          {"minutes", plan.minutes},
          {"memory_bytes", plan.memory_bytes},
          {"device", plan.device},
          {"precision", plan.precision},
          {"peak_gflops", plan.peak_gflops},
          {"recomputes_activations", plan.checkpointing}};
}

json::object ToJson(const TuneProgress& progress) {
  json::object line{{"step", progress.step},
                    {"steps", progress.steps},
                    {"loss", progress.loss},
                    {"tokens_per_s", progress.tokens_per_s},
                    {"peak_share", progress.peak_share},
                    {"minutes", progress.minutes},
                    {"minutes_left", progress.minutes_left}};
  if (progress.validated) {
    line["valid_right"] = progress.valid_right;
    line["valid_total"] = progress.valid_total;
    line["valid_loss"] = progress.valid_loss;
  }
  return line;
}

void ShowPlan(const TunePlan& plan) {
  fmt::print(stderr, "{}", plan.data_report);
  fmt::print(stderr,
             "adapter     {} parameters on {} matrices of a base of {:.1f} M\n"
             "plan        {} steps, {:.2f} M tokens an epoch, about {}, {:.0f} MiB ({} on {}, "
             "{:.0f} tokens/s measured{})\n",
             plan.parameters, plan.targets, static_cast<double>(plan.base_parameters) / 1e6,
             plan.steps, static_cast<double>(plan.epoch_tokens) / 1e6, Duration(plan.minutes),
             static_cast<double>(plan.memory_bytes) / (1 << 20), plan.precision, plan.device,
             plan.tokens_per_s, plan.checkpointing ? "; activations are computed again" : "");
}

// One line that is written over on a terminal; elsewhere a line for each validation.
void ShowProgress(const TuneProgress& progress) {
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const std::string line =
      fmt::format("{} epoch {:.2f}  loss {:.3f}  {:.0f} tokens/s ({:.0f} % of peak)  {} left",
                  Bar(Share(progress)), progress.epoch, progress.loss, progress.tokens_per_s,
                  progress.peak_share * 100, Duration(progress.minutes_left));
  const std::string valid =
      progress.validated
          ? fmt::format("valid       step {}: {} of {} exact, loss {:.3f}", progress.step,
                        progress.valid_right, progress.valid_total, progress.valid_loss)
          : "";
  if (terminal) {
    if (progress.validated) fmt::print(stderr, "\r\x1b[K{}\n", valid);
    fmt::print(stderr, "\r\x1b[K{}", line);
  } else if (progress.validated) {
    fmt::print(stderr, "{}\n{}\n", line, valid);
  }
}

void ShowResult(const TuneResult& result, bool dry_run) {
  if (::isatty(STDERR_FILENO) == 1 && !dry_run) fmt::print(stderr, "\r\x1b[K");
  if (dry_run) return fmt::print("dry run     nothing was trained or written\n");
  if (result.stopped)
    return fmt::print("stopped     after {} steps; go on with --resume\n", result.steps);
  const auto exact = [](const json::object& card) {
    const json::value* right = card.if_contains("right");
    const json::value* total = card.if_contains("total");
    return right != nullptr && total != nullptr
               ? fmt::format("{} of {}", json::serialize(*right), json::serialize(*total))
               : std::string("not measured");
  };
  fmt::print(
      "trained     {} steps in {} (ended: {})\nexact       before {}, after {}\nwritten     {}\n",
      result.steps, Duration(result.minutes), result.ended, exact(result.before),
      exact(result.after), result.folder);
}

json::object ToJson(const TuneResult& result) {
  return {{"folder", result.folder}, {"stopped", result.stopped},  {"ended", result.ended},
          {"steps", result.steps},   {"minutes", result.minutes},  {"before", result.before},
          {"after", result.after},   {"plan", ToJson(result.plan)}};
}

int Run(const TuneOptions& options) {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  TuneWatcher watcher{
      .planned = ShowPlan, .progress = ShowProgress, .stop = [] { return g_stop.load(); }};
  if (options.json) {
    const auto print = [](std::string_view kind, json::object line) {
      fmt::print("{}\n", json::serialize(json::object{{kind, std::move(line)}}));
      std::fflush(stdout);
    };
    watcher.planned = [print](const TunePlan& plan) { print("plan", ToJson(plan)); };
    watcher.progress = [print](const TuneProgress& progress) {
      if (progress.validated || progress.step % 10 == 0) print("progress", ToJson(progress));
    };
  }
  const auto result = Tune(options, watcher);
  if (!result) {
    fmt::print(stderr, "understudy tune: {}\n", result.error().ToString());
    return result.error().kind == ErrorKind::kInvalidInput ? 2 : 1;
  }
  if (options.json) {
    fmt::print("{}\n", json::serialize(json::object{{"result", ToJson(*result)}}));
  } else {
    ShowResult(*result, options.dry_run);
  }
  return result->stopped ? kStopped : 0;
}

}  // namespace

void AddTuneCommand(CLI::App& app, int& code) {
  auto options = std::make_shared<TuneOptions>();
  CLI::App* command = app.add_subcommand("tune", "Train a LoRA adapter on recorded exchanges.");
  AddTuneFlags(*command, *options);
  command->callback([options, &code] { code = Run(*options); });
}

}  // namespace understudy::nn
