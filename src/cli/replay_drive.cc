#include "cli/replay_drive.h"

#include "base/clock.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/signals.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

// Watches the run: draws, and stops it for a signal or at the end of its time. True: interrupted.
bool Watch(ReplayRun& run, const ReplayPlan& plan, const std::atomic<int64_t>& done,
           SignalWaiter& signals, Progress& progress) {
  const Monotonic begun = Clock::System().Now();
  bool interrupted = false;
  while (!run.Wait(milliseconds(50))) {
    progress.Set(done);
    interrupted = interrupted || signals.WaitFor(milliseconds(0)).has_value();
    const bool late = plan.max_time.count() > 0 && Clock::System().Now() - begun >= plan.max_time;
    if (interrupted || late) run.Stop();
  }
  return interrupted;
}

size_t ThreadsFor(const ReplayPlan& plan) {
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return std::min(cores, static_cast<size_t>(plan.concurrency));
}

}  // namespace

Result<Url> EndpointOf(const std::string& to) {
  auto url = ParseUrl(to);
  if (!url) return Fail(UsageError(url.error().ToString()).At("--to"));
  if (url->path.empty()) url->path = "/v1";
  return url;
}

std::string AuthorizationFrom(const std::string& variable) {
  const char* key = std::getenv(variable.c_str());
  return key && *key ? fmt::format("Bearer {}", key) : std::string();
}

Driven DriveReplay(const std::vector<ReplayItem>& items, const ReplayPlan& plan,
                   const std::string& label, Console& console) {
  SignalWaiter signals({SIGINT, SIGTERM});
  Runtime runtime(ThreadsFor(plan));
  std::atomic<int64_t> done{0};
  ReplayRun run(items, plan, [&done] { ++done; });
  Driven driven;
  const Monotonic begun = Clock::System().Now();
  runtime.Start();
  run.Start(runtime);
  {
    Progress progress(console, label, std::ssize(items));
    driven.interrupted = Watch(run, plan, done, signals, progress);
  }
  driven.seconds = static_cast<double>(MicrosBetween(begun, Clock::System().Now())) / 1e6;
  runtime.Stop();
  runtime.Join();  // the clients' connections end after their threads
  driven.results = run.results();
  return driven;
}

}  // namespace understudy
