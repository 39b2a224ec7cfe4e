#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/json.h"
#include "nn/pretrain.h"
#include "nn/program/commands.h"

namespace understudy::nn {
namespace {

std::atomic<bool> g_stop{false};

void OnSignal(int) {
  g_stop = true;
}

void ReportJson(const PretrainProgress& progress) {
  json::object line{{"step", progress.step},
                    {"tokens", progress.tokens},
                    {"loss", progress.loss},
                    {"rate", progress.rate},
                    {"tokens_per_s", progress.tokens_per_s},
                    {"minutes", progress.minutes}};
  if (!progress.held_out.empty()) line["held_out"] = progress.held_out;
  fmt::print("{}\n", json::serialize(line));
  std::fflush(stdout);
}

void Report(const PretrainProgress& progress) {
  fmt::print(
      stderr,
      "step {:>6}  {:>7.2f}M tokens  loss {:.3f}  rate {:.2f}  {:>5.0f} tokens/s  {:.1f} min{}{}\n",
      progress.step, static_cast<double>(progress.tokens) / 1e6, progress.loss, progress.rate,
      progress.tokens_per_s, progress.minutes,
      progress.held_out.empty() ? "" : "\n  held out: ", progress.held_out);
}

int Run(const PretrainOptions& options) {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  const Status done =
      Pretrain(options, options.json ? ReportJson : Report, [] { return g_stop.load(); });
  if (done) return 0;
  fmt::print(stderr, "understudy pretrain: {}\n", done.error().ToString());
  return done.error().kind == ErrorKind::kInvalidInput ? 2 : 1;
}

}  // namespace

void AddPretrainCommand(CLI::App& app, int& code) {
  auto options = std::make_shared<PretrainOptions>();
  CLI::App* command = app.add_subcommand("pretrain", "Make a base model by a recipe.");
  AddPretrainFlags(*command, *options);
  command->callback([options, &code] { code = Run(*options); });
}

}  // namespace understudy::nn
