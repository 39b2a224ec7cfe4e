// `understudy record -- COMMAND`: runs a whole agent through the gateway, and says afterwards what
// was recorded.
#include "access/api_key_ring.h"
#include "base/clock.h"
#include "base/config.h"
#include "cli/child.h"
#include "cli/definitions.h"
#include "cli/exchange_view.h"
#include "cli/flags.h"
#include "cli/latency.h"
#include "cli/program.h"
#include "cli/record_gateway.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

constexpr char kNoKeyNeeded[] = "understudy";  // client libraries insist on some key

struct RecordFlags {
  std::string workspace;
  std::vector<std::string> command;
};

struct Recorded {
  int64_t exchanges = 0;
  Usage usage;
  double cost_usd = 0;
  Latencies latencies;
  std::map<std::string, int64_t> models, outcomes;
};

bool HasOwnKey() {
  const char* key = std::getenv("OPENAI_API_KEY");
  return key && *key;
}

// Whether what the command sends as its key goes on to the reference model.
bool KeyGoesUpstream(const Options& options) {
  const auto reference =
      std::ranges::find(options.models, ReferenceModel(options), &ModelOptions::name);
  return !ApiKeyRing::Load(options).value_or(ApiKeyRing()).closed() &&
         reference != options.models.end() && reference->kind == "openai" &&
         reference->api_key.empty();
}

EnvironmentChanges ChangesFor(const RecordGateway& gateway, const Options& options,
                              Console& console) {
  const std::string base = gateway.url() + "/v1";
  EnvironmentChanges changes{{"OPENAI_BASE_URL", base}, {"OPENAI_API_BASE", base}};
  if (!gateway.key().empty()) {
    changes.emplace_back("OPENAI_API_KEY", gateway.key());
  } else if (!HasOwnKey()) {
    changes.emplace_back("OPENAI_API_KEY", kNoKeyNeeded);
    if (KeyGoesUpstream(options)) {
      console.Err(
          fmt::format("understudy: OPENAI_API_KEY is not set, and the model {} passes it "
                      "on; its answers will likely be refusals\n",
                      ReferenceModel(options)));
    }
  }
  return changes;
}

void Count(const Exchange& exchange, Recorded& recorded) {
  ++recorded.exchanges;
  ++recorded.outcomes[std::string(Name(exchange.outcome))];
  recorded.latencies.Add(exchange.total_us);
  recorded.cost_usd += CostOf(exchange);
  for (const AnswerRecord& answer : exchange.answers) {
    recorded.usage.prompt_tokens += answer.usage.prompt_tokens;
    recorded.usage.completion_tokens += answer.usage.completion_tokens;
  }
  const AnswerRecord* served = ServedAnswer(exchange);
  if (served) ++recorded.models[served->model];
}

Result<Recorded> WhatWasRecorded(const std::filesystem::path& workspace, int64_t since_ms) {
  Recorded recorded;
  TRY(const auto store, OpenStore(workspace, true));
  ExchangeFilter filter;
  filter.since_ms = since_ms;
  filter.with_bodies = false;
  TRY_VOID(store->Scan(filter, [&recorded](Exchange&& exchange) {
    Count(exchange, recorded);
    return true;
  }));
  return recorded;
}

std::string Counts(const std::map<std::string, int64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    parts.push_back(fmt::format("{}: {}", Printable(name), HumanCount(count)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string Describe(const Recorded& recorded, const std::string& workspace) {
  if (recorded.exchanges == 0) {
    return "understudy: nothing was recorded; does the command read OPENAI_BASE_URL?\n";
  }
  return fmt::format(
      "understudy: recorded {} in {}\n  models    {}\n  outcomes  {}\n"
      "  tokens    {} in, {} out, {}\n  latency   {}\n",
      Counted(recorded.exchanges, "exchange"), workspace, Counts(recorded.models),
      Counts(recorded.outcomes), HumanCount(recorded.usage.prompt_tokens),
      HumanCount(recorded.usage.completion_tokens), HumanUsd(recorded.cost_usd),
      recorded.latencies.Describe());
}

// A gateway of another process commits a few milliseconds after it answers.
void AwaitCommits(const RecordGateway& gateway, const Options& options) {
  if (gateway.is_own()) return;
  std::this_thread::sleep_for(std::chrono::milliseconds(100 + 2 * options.record.commit_ms));
}

void Report(const Options& options, int64_t since_ms, Console& console) {
  if (!options.record.enabled) {
    console.Err("understudy: nothing was recorded: record.enabled is false\n");
    return;
  }
  const auto recorded = WhatWasRecorded(options.workspace, since_ms);
  if (recorded) {
    console.Err(Describe(*recorded, options.workspace));
  } else {
    PrintError(recorded.error(), console);
  }
}

// As a shell would end: the command's own code, or why it could not be run.
ExitCode Ended(const Result<int>& code, Console& console) {
  if (code) return static_cast<ExitCode>(*code);
  PrintError(code.error(), console);
  const bool missing = code.error().kind == ErrorKind::kNotFound;
  return static_cast<ExitCode>(missing ? kNoSuchProgram : kCannotRun);
}

Result<ExitCode> Record(const RecordFlags& flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  std::signal(SIGPIPE, SIG_IGN);
  SignalWaiter signals({SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2});
  TRY(RecordGateway gateway, RecordGateway::Open(options));
  const int64_t since_ms = Clock::System().WallMs();
  const EnvironmentChanges changes = ChangesFor(gateway, options, console);
  const Result<int> code = RunChild(flags.command, changes, signals);
  AwaitCommits(gateway, options);
  gateway.Close();
  if (code) Report(options, since_ms, console);
  return Ended(code, console);
}

// Everything behind "--", or from the first word that is no option.
std::vector<std::string> CommandOf(const CLI::App& app) {
  std::vector<std::string> words = app.remaining();
  if (!words.empty() && words[0] == "--") {
    words.erase(words.begin());
  } else if (!words.empty() && words[0].starts_with('-')) {
    throw CLI::ValidationError(fmt::format("unknown option {}", words[0]));
  }
  if (words.empty()) throw CLI::ValidationError("a COMMAND is required");
  return words;
}

}  // namespace

Action DefineRecord(CLI::App& app) {
  const auto flags = std::make_shared<RecordFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  app.prefix_command();
  app.callback([flags, &app] { flags->command = CommandOf(app); });
  app.footer(
      "  understudy record -- python my_agent.py --verbose\n\n"
      "The command finds the gateway in OPENAI_BASE_URL. Its exit code is passed on; 126 and 127\n"
      "mean that it could not be run.");
  return [flags](Console& console) { return Record(*flags, console); };
}

}  // namespace understudy
