// `understudy replay`: the recorded requests once more, at any OpenAI-compatible endpoint.
#include "cli/definitions.h"
#include "cli/exchange_file.h"
#include "cli/flags.h"
#include "cli/replay_drive.h"
#include "cli/replay_report.h"
#include "cli/text.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

struct ReplayFlags {
  std::string file, to, model;
  std::string key_variable = "OPENAI_API_KEY";
  std::string timeout = "120s", max_time = "0";
  int64_t concurrency = 4, limit = 0;
  double rate = 0;
  bool stream = false, json = false, expect_equal = false;
};

Result<ReplayPlan> PlanOf(const ReplayFlags& flags) {
  ReplayPlan plan;
  TRY(plan.url, EndpointOf(flags.to));
  plan.authorization = AuthorizationFrom(flags.key_variable);
  plan.model = flags.model;
  plan.stream = flags.stream;
  plan.concurrency = flags.concurrency;
  plan.rate = flags.rate;
  TRY(const int64_t timeout_ms, ParseDurationMs(flags.timeout));
  TRY(const int64_t max_time_ms, ParseDurationMs(flags.max_time));
  plan.timeout = milliseconds(timeout_ms);
  plan.max_time = milliseconds(max_time_ms);
  return plan;
}

Result<ReplayItem> ItemOf(Exchange&& exchange) {
  ReplayItem item{exchange.id, exchange.session, exchange.agent, {}, {}, false};
  TRY(item.request, ParseChatRequest(std::move(exchange.request)));
  if (exchange.response.empty()) return item;
  if (auto recorded = ParseChatAnswer(std::move(exchange.response))) {
    item.recorded = *std::move(recorded);
  }
  return item;
}

Result<std::vector<ReplayItem>> LoadItems(const ReplayFlags& flags, Console& console) {
  std::vector<ReplayItem> items;
  int64_t unusable = 0;
  const auto each = [&](Exchange&& exchange) -> Result<bool> {
    auto item = ItemOf(std::move(exchange));
    if (item) items.push_back(*std::move(item));
    unusable += item ? 0 : 1;
    return flags.limit == 0 || std::ssize(items) < flags.limit;
  };
  TRY(const ReadCounts counts, ReadExchanges({flags.file}, console, "Reading", each));
  console.Err(DescribeBadLines(counts));
  if (unusable > 0) {
    console.Err(fmt::format("{} requests are no chat completions and are left out\n",
                            HumanCount(unusable)));
  }
  if (items.empty()) return Fail(InvalidInput("there is nothing to send").At(flags.file));
  return items;
}

Result<ExitCode> Replay(const ReplayFlags& flags, Console& console) {
  TRY(const ReplayPlan plan, PlanOf(flags));
  TRY(const std::vector<ReplayItem> items, LoadItems(flags, console));
  const Driven driven = DriveReplay(items, plan, "Replaying", console);
  const ReplayReport report = SumUp(items, driven.results, driven.seconds);
  console.Out(flags.json ? json::serialize(ReportJson(report)) + '\n' : ReportText(report));
  if (driven.interrupted) return ExitCode::kInterrupted;
  const bool good = report.all_answered() && (!flags.expect_equal || report.all_equal());
  return good ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

Action DefineReplay(CLI::App& app) {
  const auto flags = std::make_shared<ReplayFlags>();
  app.add_option("FILE", flags->file, "exchange JSONL, plain or .gz; \"-\": standard input")
      ->required();
  AddValue(app, "--to", flags->to, "URL", "where to: http://127.0.0.1:8700, https://host/v1")
      ->required();
  AddValue(app, "-c,--concurrency", flags->concurrency, "N", "requests at once (default: 4)")
      ->check(CLI::Range(1, 10'000));
  AddValue(app, "-n,--limit", flags->limit, "N", "only the first N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  AddValue(app, "--rate", flags->rate, "R", "begin R requests a second")
      ->check(CLI::Range(0.001, 1e6));
  app.add_flag("--stream", flags->stream, "stream every answer (else as recorded)");
  AddValue(app, "--model", flags->model, "NAME", "ask for this model instead of the recorded one");
  AddValue(app, "--api-key-env", flags->key_variable, "NAME",
           "variable with the key to send (default: OPENAI_API_KEY; not set: none is sent)");
  AddValue(app, "--timeout", flags->timeout, "TIME", "for one request (default: 120s)")
      ->check(IsDuration());
  AddValue(app, "--max-time", flags->max_time, "TIME", "for all of it (default: no limit)")
      ->check(IsDuration());
  app.add_flag("--expect-equal", flags->expect_equal,
               "exit 1 unless every answer equals the recorded one");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy replay calls.jsonl --to http://127.0.0.1:8700 --concurrency 8");
  return [flags](Console& console) { return Replay(*flags, console); };
}

}  // namespace understudy
