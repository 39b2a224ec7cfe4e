// `understudy simulate reference`: the simulated reference model as a server, until a signal.
#include "base/json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "simulate/reference_server.h"

#include "base/runtime.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

struct ReferenceFlags {
  std::string listen = "127.0.0.1:8702";
  int64_t first_token_ms = 350, threads = 1;
  ReferencePace pace;
  bool json = false;
};

// Lets running requests finish for a few seconds; another signal ends it at once.
ExitCode StopGracefully(ReferenceServer& server, SignalWaiter& signals) {
  const auto stopped = std::make_shared<std::atomic<bool>>(false);
  server.Stop(milliseconds(3000), [stopped] { *stopped = true; });
  while (!*stopped) {
    if (signals.WaitFor(milliseconds(20))) return ExitCode::kInterrupted;
  }
  return ExitCode::kOk;
}

Result<ExitCode> RunReference(const ReferenceFlags& flags, Console& console) {
  ReferencePace pace = flags.pace;
  pace.first_token = milliseconds(flags.first_token_ms);
  std::signal(SIGPIPE, SIG_IGN);
  SignalWaiter signals({SIGINT, SIGTERM});
  Runtime runtime(static_cast<size_t>(flags.threads));
  ReferenceServer server(runtime.contexts(), pace);
  if (const Status bound = server.Listen(flags.listen); !bound) {
    Error error = bound.error();
    if (error.kind == ErrorKind::kInvalidInput) error = UsageError(error.ToString()).At("--listen");
    return Fail(std::move(error));
  }
  const std::string url = server.url().empty() ? flags.listen : server.url();
  runtime.Start();
  console.Out(flags.json ? json::serialize(json::object{{"url", url}}) + '\n'
                         : fmt::format("the simulated reference answers at {0}  (export "
                                       "OPENAI_BASE_URL={0}/v1)\n",
                                       url));
  signals.Wait();
  const ExitCode ended = StopGracefully(server, signals);
  if (ended == ExitCode::kOk) {
    console.Err(fmt::format("{} answered\n", Counted(server.answered(), "call")));
  }
  runtime.Stop();
  runtime.Join();
  return ended;
}

}  // namespace

Action DefineSimReference(CLI::App& app) {
  const auto flags = std::make_shared<ReferenceFlags>();
  AddValue(app, "-l,--listen", flags->listen, "ADDRESS",
           "HOST:PORT, :PORT, unix:/path.sock; port 0: any free one (default: 127.0.0.1:8702)");
  AddValue(app, "--first-token-ms", flags->first_token_ms, "MS",
           "until an answer begins (default: 350)")
      ->check(CLI::Range(0, 600'000));
  AddValue(app, "--tokens-per-s", flags->pace.tokens_per_s, "N",
           "answer tokens a second, 0: all at once (default: 60)")
      ->check(CLI::Range(0.0, 1e6));
  AddValue(app, "--jitter", flags->pace.jitter, "J",
           "spread of these times: the standard deviation of their logarithm (default: 0.25)")
      ->check(CLI::Range(0.0, 2.0));
  AddValue(app, "--error-share", flags->pace.error_share, "E",
           "share of calls that fail, from 0 to 1: 429, 500, 503 in turn (default: 0)")
      ->check(CLI::Range(0.0, 1.0));
  AddValue(app, "--seed", flags->pace.seed, "S", "of jitter and failures (default: 1)")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 40));
  AddValue(app, "--threads", flags->threads, "N", "that serve (default: 1)")
      ->check(CLI::Range(1, 256));
  AddJsonFlag(app, flags->json);
  app.footer(
      "  understudy simulate reference --listen 127.0.0.1:8702\n\n"
      "It is no language model: it knows the requests of `understudy simulate agent` and answers\n"
      "them right, at the pace of a model in the cloud. SIGINT or SIGTERM ends it.");
  return [flags](Console& console) { return RunReference(*flags, console); };
}

}  // namespace understudy
