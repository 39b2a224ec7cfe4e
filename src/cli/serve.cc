// `understudy serve`: the gateway, until a signal ends it.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/api_key.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/serve_file.h"
#include "cli/signals.h"
#include "cli/workspace.h"
#include "gateway/gateway.h"

namespace understudy {
namespace {

constexpr std::chrono::milliseconds kKeyFileLook{500};

struct ServeFlags {
  std::string workspace;
  std::string listen;  // empty: as configured
};

// Every connection is a descriptor, and so is its upstream.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<Options> ReadOptions(const ServeFlags& flags) {
  TRY(Options options, OpenWorkspace(flags.workspace));
  if (!flags.listen.empty()) options.server.listen = flags.listen;
  return options;
}

void SetUpLog(const LogOptions& options) {
  LogLevel level = LogLevel::kInfo;
  ParseLogLevel(options.level, &level);
  SetUpLog(level, options.json);
}

// Notices when `understudy keys` has written: a key that was revoked must end without anybody's
// signal, and whatever state config.toml is in.
class KeyFileWatch {
 public:
  explicit KeyFileWatch(const std::string& workspace) : path_(ApiKeysPath(workspace)) { Changed(); }
  // Since it was last asked. Every change is a new file (by rename).
  bool Changed() {
    struct stat now{};
    if (::stat(path_.c_str(), &now) != 0) now = {};
    const bool changed = now.st_ino != last_.st_ino || now.st_size != last_.st_size ||
                         now.st_mtim.tv_sec != last_.st_mtim.tv_sec ||
                         now.st_mtim.tv_nsec != last_.st_mtim.tv_nsec;
    last_ = now;
    return changed;
  }

 private:
  const std::filesystem::path path_;
  struct stat last_{};
};

void ReloadKeys(Gateway& gateway) {
  if (const Status reloaded = gateway.ReloadKeys(); !reloaded) {
    LOG_ERROR("the API keys were not reloaded: {}", reloaded.error().ToString());
  } else {
    LOG_INFO("the API keys were reloaded");
  }
}

// SIGHUP: what is wrong with the new configuration is logged, and the old one goes on.
void Reload(Gateway& gateway, const ServeFlags& flags) {
  const auto options = ReadOptions(flags);
  const Status reloaded = options ? gateway.Reload(*options) : Fail(options.error());
  if (!reloaded) {
    LOG_ERROR("the configuration was not reloaded: {}", reloaded.error().ToString());
    ReloadKeys(gateway);
    return;
  }
  SetUpLog(options->log);
  LOG_INFO("the configuration was reloaded");
}

std::string StartLine(const Gateway& gateway, const Options& options) {
  const std::string url = gateway.url();
  if (url.empty()) return fmt::format("understudy serves at {}\n", options.server.listen);
  return fmt::format("understudy serves at {0}  (export OPENAI_BASE_URL={0}/v1)\n", url);
}

// Lets running requests finish; another signal ends everything at once.
ExitCode StopGracefully(Gateway& gateway, SignalWaiter& signals) {
  const auto stopped = std::make_shared<std::atomic<bool>>(false);
  LOG_INFO("stopping: {} requests may finish", gateway.requests_running());
  gateway.Stop([stopped] { *stopped = true; });
  while (!*stopped) {
    const auto signal = signals.WaitFor(std::chrono::milliseconds(20));
    if (signal && signal->si_signo != SIGHUP) return ExitCode::kInterrupted;
  }
  return ExitCode::kOk;
}

ExitCode ServeUntilSignal(Gateway& gateway, const ServeFlags& flags, KeyFileWatch& keys,
                          SignalWaiter& signals) {
  for (;;) {
    const auto signal = signals.WaitFor(kKeyFileLook);
    if (signal && signal->si_signo != SIGHUP) return StopGracefully(gateway, signals);
    const bool new_keys = keys.Changed();
    if (signal) {
      Reload(gateway, flags);
    } else if (new_keys) {
      ReloadKeys(gateway);
    }
  }
}

// What Make and Listen find wrong in the configuration is a configuration error.
Error StartError(Error error) {
  return error.kind == ErrorKind::kInvalidInput ? AsConfigError(std::move(error))
                                                : std::move(error);
}

Result<ExitCode> Serve(const ServeFlags& flags, Console& console) {
  TRY(const Options options, ReadOptions(flags));
  SetUpLog(options.log);
  TRY(ServeLock lock, ServeLock::Take(options.workspace));
  RaiseFileLimit();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go away; we serve on
  SignalWaiter signals({SIGINT, SIGTERM, SIGHUP});
  Runtime runtime(static_cast<size_t>(options.server.threads));
  KeyFileWatch keys(options.workspace);  // before they are read
  auto gateway = Gateway::Make(options, runtime);
  if (!gateway) return Fail(StartError(std::move(gateway).error()));
  if (const Status bound = (*gateway)->Listen(); !bound) return Fail(StartError(bound.error()));
  const std::string url = (*gateway)->url();
  const std::string& address = url.empty() ? options.server.listen : url;
  TRY_VOID(lock.Publish({::getpid(), address, Clock::System().WallMs()}));
  runtime.Start();
  console.Out(StartLine(**gateway, options));
  const ExitCode ended = ServeUntilSignal(**gateway, flags, keys, signals);
  if (ended == ExitCode::kInterrupted) {
    lock.Remove();
    std::_Exit(static_cast<int>(ended));  // at once, as asked for: nobody waits for the requests
  }
  runtime.Stop();
  runtime.Join();
  return ended;
}

}  // namespace

Action DefineServe(CLI::App& app) {
  const auto flags = std::make_shared<ServeFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "-l,--listen", flags->listen, "ADDRESS",
           "in place of server.listen: HOST:PORT, :PORT, unix:/path.sock; port 0: any free one");
  app.footer(
      "  understudy serve --workspace ./understudy --listen 127.0.0.1:8700\n\n"
      "SIGINT or SIGTERM lets running requests finish, a second one ends at once; SIGHUP reloads\n"
      "config.toml and deployments.json. API keys are reloaded by themselves.");
  return [flags](Console& console) { return Serve(*flags, console); };
}

}  // namespace understudy
