// understudy-cluster: what needs faiss, as a program of its own. `understudy cluster` starts it.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "cluster_program/faiss_neighbours.h"
#include "flywheel/cluster/cluster_flags.h"

namespace understudy {
namespace {

constexpr int kFailed = 1, kUsage = 2, kNotThere = 4, kStopped = 130;  // docs/cli.md

std::atomic<bool> g_stop{false};

void OnSignal(int) {
  g_stop = true;
}

// Four times a second: a line of JSON, or on a terminal one that is written over.
class Watch {
 public:
  explicit Watch(bool json) : json_(json) {}

  void Show(std::string_view what, int64_t done, int64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < std::chrono::milliseconds(250) || (!json_ && !terminal_)) return;
    shown_ = now;
    if (json_) {
      const json::object line{{"progress", {{"what", what}, {"done", done}, {"total", total}}}};
      fmt::print("{}\n", json::serialize(line));
      std::fflush(stdout);
      return;
    }
    const double share =
        total > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total) : 0;
    fmt::print(stderr, "\r\x1b[K{} {:.0f} %", what, share);
  }
  void End() const {
    if (terminal_ && !json_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool json_, terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::chrono::steady_clock::time_point shown_;
};

int64_t Sum(const PartRows& rows) {
  return std::accumulate(rows.begin(), rows.end(), int64_t{0});
}

void Print(const Clustered& clustered) {
  const ClusterReport& report = clustered.report;
  size_t wide = 4;
  for (const TaskReport& task : report.tasks) wide = std::max(wide, task.name.size());
  fmt::print(
      "{} rows, prompts of {} templates: {} tasks, {} rows of no task, {} not fit for training\n\n",
      report.rows, report.frames, report.tasks.size(), Sum(report.rest), report.unusable);
  fmt::print("{:<10}  {:<{}}  {:<9}  {:>7}  replaceable  terms\n", "task", "name", wide, "kind",
             "rows");
  for (const TaskReport& task : report.tasks) {
    fmt::print("{:<10}  {:<{}}  {:<9}  {:>7}  {:<11}  {}\n", task.id, task.name, wide,
               Name(task.kind), Sum(task.rows), task.replaceable ? "yes" : "no",
               fmt::join(task.terms, " "));
  }
  fmt::print(
      "\n{}{}\n", clustered.stage.folder.string(),
      clustered.stage.unchanged ? ": unchanged, nothing was done again (--force does it)" : "");
}

int Failed(const Error& error) {
  fmt::print(stderr, "understudy cluster: {}\n", error.ToString());
  switch (error.kind) {
    case ErrorKind::kCancelled: return kStopped;
    case ErrorKind::kNotFound: return kNotThere;
    default: return kFailed;
  }
}

int Run(const ClusterFlags& flags) {
  if (flags.out.empty() && flags.workspace.empty()) {
    fmt::print(stderr, "understudy cluster: nothing says where the tasks go. Give --out.\n");
    return kUsage;
  }
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  const auto input = InputOf(flags);
  if (!input) return Failed(input.error());
  Watch watch(flags.json);
  StageHooks hooks;
  hooks.progress = [&](std::string_view what, int64_t done, int64_t total) {
    watch.Show(what, done, total);
  };
  hooks.stop = [] { return g_stop.load(); };
  const auto clustered = Cluster(*input, PlaceOf(flags), hooks, NeighboursByFaiss);
  watch.End();
  if (!clustered) return Failed(clustered.error());
  if (flags.json) {
    fmt::print("{}\n", json::serialize(ResultJson(*clustered)));
  } else {
    Print(*clustered);
  }
  return 0;
}

// OpenMP's threads must sleep between operations, not spin. The library reads this when it is
// loaded.
void SleepBetweenOperations(char** arguments) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  ::execv("/proc/self/exe", arguments);  // returns only if it fails; then it is slower, not wrong
}

}  // namespace
}  // namespace understudy

int main(int count, char** arguments) {
  understudy::SleepBetweenOperations(arguments);
  CLI::App app("Finds the tasks in recorded exchanges: the part of understudy that needs faiss.",
               "understudy-cluster");
  app.set_version_flag("--version", UNDERSTUDY_VERSION);
  understudy::ClusterFlags flags;
  understudy::AddClusterFlags(app, flags);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : understudy::kUsage;
  }
  return understudy::Run(flags);
}
