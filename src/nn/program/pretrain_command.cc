#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>

#include "nn/pretrain.h"
#include "nn/program/commands.h"

namespace understudy::nn {
namespace {

std::atomic<bool> g_stop{false};

void OnSignal(int) {
  g_stop = true;
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
  const Status done = Pretrain(options, Report, [] { return g_stop.load(); });
  if (done) return 0;
  fmt::print(stderr, "understudy-train: {}\n", done.error().ToString());
  return 1;
}

}  // namespace

void AddPretrainCommand(CLI::App& app, int& code) {
  auto options = std::make_shared<PretrainOptions>();
  CLI::App* command =
      app.add_subcommand("pretrain", "Make a base model by a recipe; goes on where it stopped.");
  command->add_option("--recipe", options->recipe, "the recipe, a TOML file")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--data", options->data, "folder of public texts to mix in");
  command->add_option("--out", options->out, "folder for the model, its checkpoint and log")
      ->required();
  command->add_option("--minutes", options->minutes,
                      "length of this run; the rate falls to zero at its end");
  command->add_flag("!--no-cool-down", options->cool_down,
                    "end with a checkpoint alone, to go on later");
  command->add_option("--threads", options->threads, "0: one a core");
  command->add_option("--precision", options->precision, "of matrix products: auto, f32, bf16");
  command->callback([options, &code] { code = Run(*options); });
}

}  // namespace understudy::nn
