// `understudy simulate agent`: the simulated office agent drives an endpoint, or writes what a
// perfect model would answer.
#include <fstream>

#include "base/file.h"
#include "chat/exchange_json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/progress.h"
#include "cli/replay_drive.h"
#include "cli/signals.h"
#include "cli/simulate_report.h"
#include "cli/text.h"
#include "simulate/reference.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kBegin_ms = 1'767'254'400'000;  // 2026-01-01T08:00:00Z, of calls never sent
constexpr int64_t kBetween_ms = 20'000;

struct AgentFlags {
  std::string to, out, before, part = "first", only, model = "big-model";
  std::string key_variable = "OPENAI_API_KEY", timeout = "120s", max_time = "0";
  int64_t calls = 200, concurrency = 4;
  uint64_t seed = 1;
  double rate = 0;
  bool stream = false, json = false, check = false, dry_run = false;
};

Result<OfficeAgent> AgentOf(const AgentFlags& flags) {
  OfficeOptions options;
  options.seed = flags.seed;
  options.half = flags.part == "second" ? Half::kSecond : Half::kFirst;
  options.model = flags.model;
  if (!flags.only.empty()) {
    auto desks = ParseDesks(flags.only);
    if (!desks) return Fail(UsageError(desks.error().ToString()).At("--only"));
    options.desks = *std::move(desks);
  }
  return OfficeAgent(std::move(options));
}

Result<ReplayPlan> PlanOf(const AgentFlags& flags) {
  ReplayPlan plan;
  TRY(plan.url, EndpointOf(flags.to));
  plan.authorization = AuthorizationFrom(flags.key_variable);
  plan.stream = flags.stream;
  plan.concurrency = flags.concurrency;
  plan.rate = flags.rate;
  plan.keep_answers = true;
  TRY(const int64_t timeout_ms, ParseDurationMs(flags.timeout));
  TRY(const int64_t max_time_ms, ParseDurationMs(flags.max_time));
  plan.timeout = milliseconds(timeout_ms);
  plan.max_time = milliseconds(max_time_ms);
  return plan;
}

// What the formats of docs/format-exchange.md do not name, and scoring needs.
std::string ExtraOf(const AgentFlags& flags, const OfficeCall& call, std::optional<bool> right) {
  json::object truth{{"desk", call.desk->name},
                     {"part", flags.part},
                     {"expected", AssistantMessage(call.expected, call.call_id)}};
  if (right) truth["right"] = *right;
  return json::serialize(json::object{{"simulated", std::move(truth)}});
}

Exchange ExchangeOf(const OfficeCall& call) {
  Exchange exchange;
  exchange.id = call.id;
  exchange.session = call.session;
  exchange.agent = kOfficeAgentName;
  exchange.request = call.request;
  return exchange;
}

// One never sent, with the expected answer.
Exchange Imagined(const AgentFlags& flags, const OfficeCall& call, int64_t number) {
  Exchange exchange = ExchangeOf(call);
  exchange.at_ms = kBegin_ms + number * kBetween_ms;
  exchange.response = AnswerOf(call.expected, call.call_id, call.request, exchange.at_ms).body;
  exchange.extra = ExtraOf(flags, call, std::nullopt);
  return exchange;
}

Exchange Happened(const AgentFlags& flags, const OfficeCall& call, const ReplayResult& result) {
  Exchange exchange = ExchangeOf(call);
  exchange.streamed = flags.stream;
  exchange.at_ms = Clock::System().WallMs();
  exchange.total_us = result.total_us;
  if (result.answer) exchange.response = result.answer->body;
  const auto outcome = ParseOutcome(result.outcome);
  exchange.outcome = outcome             ? *outcome
                     : result.answered() ? Outcome::kServed
                                         : Outcome::kUpstreamError;
  exchange.extra = ExtraOf(flags, call, result.equal.value_or(false));
  return exchange;
}

// Lines for a file, written beside it and renamed at the end, or for standard output ("-").
class Lines {
 public:
  Lines(std::string path, Console& console) : path_(std::move(path)), console_(console) {
    if (path_ != "-") file_.open(path_ + ".part", std::ios::binary | std::ios::trunc);
  }
  ~Lines() {
    std::error_code ignored;
    if (file_.is_open()) std::filesystem::remove(path_ + ".part", ignored);
  }
  Status Add(const Exchange& exchange) {
    const std::string line = FormatExchangeLine(exchange) + '\n';
    if (path_ == "-") {
      console_.Out(line);
      return {};
    }
    file_ << line;
    return file_ ? Status() : Fail(IoError("the exchanges cannot be written").At(path_));
  }
  Status Publish() {
    if (path_ == "-") return {};
    file_.close();
    std::error_code failed;
    if (file_) std::filesystem::rename(path_ + ".part", path_, failed);
    if (file_ && !failed) return {};
    return Fail(IoError("the exchanges cannot be written").At(path_));
  }

 private:
  std::string path_;
  Console& console_;
  std::ofstream file_;
};

Result<ExitCode> Imagine(const AgentFlags& flags, Console& console) {
  TRY(const OfficeAgent agent, AgentOf(flags));
  Lines lines(flags.out, console);
  SignalWaiter signals({SIGINT, SIGTERM});
  Progress progress(console, "Writing", flags.calls);
  std::map<std::string_view, int64_t> desks;
  int64_t written = 0;
  for (uint64_t index = 0; written < flags.calls; ++index) {
    for (const OfficeCall& call : agent.Session(index)) {
      if (written == flags.calls) break;
      TRY_VOID(lines.Add(Imagined(flags, call, written)));
      ++desks[call.desk->name];
      progress.Set(++written);
    }
    if (index % 64 == 0 && signals.WaitFor(milliseconds(0))) return ExitCode::kInterrupted;
  }
  progress.Finish();
  TRY_VOID(lines.Publish());
  json::object counts;
  std::string text;
  for (const auto& [desk, count] : desks) {
    counts[desk] = count;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", desk, HumanCount(count));
  }
  const json::object report{{"written", written}, {"file", flags.out}, {"desks", counts}};
  const std::string said =
      flags.json ? json::serialize(report) + '\n'
                 : fmt::format("{} with their expected answers in {}: {}\n",
                               Counted(written, "exchange"), Printable(flags.out), text);
  flags.out == "-" ? console.Err(said) : console.Out(said);
  return ExitCode::kOk;
}

Result<std::vector<ReplayItem>> ItemsOf(const std::vector<OfficeCall>& calls) {
  std::vector<ReplayItem> items;
  items.reserve(calls.size());
  for (const OfficeCall& call : calls) {
    ReplayItem item{call.id, call.session, std::string(kOfficeAgentName), {}, {}, call.follows};
    TRY(item.request, ParseChatRequest(call.request));
    item.recorded = AnswerOf(call.expected, call.call_id, call.request, 0);
    items.push_back(std::move(item));
  }
  return items;
}

Status Save(const AgentFlags& flags, const std::vector<OfficeCall>& calls,
            const std::vector<ReplayResult>& results, Console& console) {
  if (flags.out.empty()) return {};
  Lines lines(flags.out, console);
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!results[i].sent) continue;
    TRY_VOID(lines.Add(Happened(flags, calls[i], results[i])));
  }
  return lines.Publish();
}

// Null where no earlier run is named.
Result<json::value> ReadBefore(const AgentFlags& flags) {
  if (flags.before.empty()) return json::value();
  TRY(const std::string text, ReadFile(flags.before));
  auto before = ParseJson(text);
  if (before && Find(*before, "desks")) return before;
  return Fail(InvalidInput("not what `understudy simulate agent --json` prints").At(flags.before));
}

Result<ExitCode> Drive(const AgentFlags& flags, Console& console) {
  TRY(ReplayPlan plan, PlanOf(flags));
  TRY(const json::value before, ReadBefore(flags));
  TRY(const OfficeAgent agent, AgentOf(flags));
  const std::vector<OfficeCall> calls = agent.Calls(flags.calls);
  TRY(const std::vector<ReplayItem> items, ItemsOf(calls));
  plan.same = [&](const ReplayItem& item, const ChatAnswer& answer) {
    return IsRight(calls[static_cast<size_t>(&item - items.data())], answer);
  };
  const Driven driven = DriveReplay(items, plan, "Simulating", console);
  TRY_VOID(Save(flags, calls, driven.results, console));
  const SimulateReport report = SumUp(calls, driven.results, driven.seconds);
  std::string said = flags.json ? json::serialize(ReportJson(report)) + '\n' : ReportText(report);
  if (!flags.json && before.is_object()) said += '\n' + CompareText(before, report);
  flags.out == "-" ? console.Err(said) : console.Out(said);
  if (driven.interrupted) return ExitCode::kInterrupted;
  const bool good = report.all.errors == 0 && (!flags.check || report.all_right());
  return good ? ExitCode::kOk : ExitCode::kFailed;
}

Result<ExitCode> RunAgent(const AgentFlags& flags, Console& console) {
  if (!flags.to.empty()) return Drive(flags, console);
  if (!flags.out.empty()) return Imagine(flags, console);
  return Fail(UsageError("there is neither an endpoint nor a file to write")
                  .Mend("Name --to URL, or --out FILE for exchanges with the expected answers."));
}

}  // namespace

Action DefineSimulateAgent(CLI::App& app) {
  const auto flags = std::make_shared<AgentFlags>();
  auto* to = AddValue(app, "--to", flags->to, "URL",
                      "where to: a gateway, or the simulated reference itself");
  AddValue(app, "-n,--calls", flags->calls, "N", "how many calls (default: 200)")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}));
  AddValue(app, "--seed", flags->seed, "S", "another one, other calls (default: 1)")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 40));
  AddValue(app, "--part", flags->part, "PART",
           "first or second: the second has phrasings and values unseen in the first")
      ->check(CLI::IsMember({"first", "second"}));
  AddValue(app, "--only", flags->only, "DESKS", "only these, with commas: meetings,sort");
  AddValue(app, "-c,--concurrency", flags->concurrency, "C", "sessions at once (default: 4)")
      ->check(CLI::Range(1, 10'000));
  AddValue(app, "--rate", flags->rate, "R", "begin R sessions a second")
      ->check(CLI::Range(0.001, 1e6));
  AddValue(app, "--out", flags->out, "FILE",
           "exchange JSONL of what came; \"-\": standard output. Without --to: with the expected "
           "answers");
  app.add_flag("--dry-run", flags->dry_run, "send nothing, write --out with the expected answers")
      ->excludes(to);
  AddValue(app, "--before", flags->before, "FILE",
           "what --json printed of an earlier run: shows both in one table");
  app.add_flag("--check", flags->check, "exit 1 unless every call was answered right");
  app.add_flag("--stream", flags->stream, "stream every answer");
  AddValue(app, "--model", flags->model, "NAME", "model to ask for (default: big-model)");
  AddValue(app, "--api-key-env", flags->key_variable, "NAME",
           "variable with the key to send (default: OPENAI_API_KEY; not set: none is sent)");
  AddValue(app, "--timeout", flags->timeout, "TIME", "for one call (default: 120s)")
      ->check(IsDuration());
  AddValue(app, "--max-time", flags->max_time, "TIME", "for all of it (default: no limit)")
      ->check(IsDuration());
  AddJsonFlag(app, flags->json);
  app.footer(
      "  understudy simulate agent --to http://127.0.0.1:8700 --calls 500 --part second\n"
      "  understudy simulate agent --dry-run --calls 10000 --out office.jsonl");
  return [flags](Console& console) { return RunAgent(*flags, console); };
}

}  // namespace understudy
