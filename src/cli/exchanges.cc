// `understudy exchanges`: what was recorded, as a table, as JSON, or as exchange JSONL (the
// export).
#include "access/audit_entry.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/exchange_view.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "store/session_name.h"

namespace understudy {
namespace {

constexpr size_t kWriteBytes = 1 << 16;

struct ListFlags {
  std::string workspace, since, until, outcome;
  ExchangeFilter filter;
  int64_t limit = 20;
  bool all = false, jsonl = false, json = false, count = false;
};

struct ShowFlags {
  std::string workspace, id;
  bool json = false;
};

// Many small pieces, written in large ones.
class BufferedOut {
 public:
  explicit BufferedOut(Console& console) : console_(console) {}
  ~BufferedOut() { console_.Out(buffer_); }
  void Add(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() < kWriteBytes) return;
    console_.Out(buffer_);
    buffer_.clear();
  }

 private:
  Console& console_;
  std::string buffer_;
};

Result<ExchangeFilter> FilterOf(const ListFlags& flags) {
  ExchangeFilter filter = flags.filter;
  const int64_t now_ms = Clock::System().WallMs();
  if (!flags.since.empty()) {
    TRY(filter.since_ms, ParseMomentMs(flags.since, now_ms));
  }
  if (!flags.until.empty()) {
    TRY(filter.until_ms, ParseMomentMs(flags.until, now_ms));
  }
  if (!flags.outcome.empty()) {
    TRY(filter.outcome, ParseOutcome(flags.outcome));
  }
  filter.limit = flags.all ? 0 : flags.limit;
  filter.newest_first = !flags.all;
  filter.with_bodies = flags.jsonl;
  return filter;
}

ExchangeFilter Unlimited(ExchangeFilter filter) {
  filter.limit = 0;
  return filter;
}

// Whole bodies leave the store.
Status NoteExport(const ListFlags& flags, UsageStore& store, const ExchangeFilter& filter,
                  const std::filesystem::path& folder) {
  if (!flags.jsonl) return {};
  TRY(const int64_t count, store.Count(filter));
  return NoteInAudit(folder, audit_action::kExport, "exchange JSONL", Counted(count, "exchange"));
}

Status PrintJsonl(UsageStore& store, const ExchangeFilter& filter, Console& console) {
  BufferedOut out(console);
  return store.Scan(filter, [&out](Exchange&& exchange) {
    out.Add(FormatExchangeLine(exchange) + '\n');
    return true;
  });
}

Status PrintJson(UsageStore& store, const ExchangeFilter& filter, Console& console) {
  BufferedOut out(console);
  const char* before = "[";
  TRY_VOID(store.Scan(filter, [&](Exchange&& exchange) {
    out.Add(fmt::format("{}\n{}", before, json::serialize(Summary(exchange))));
    before = ",";
    return true;
  }));
  out.Add(*before == '[' ? "[]\n" : "\n]\n");
  return {};
}

Status PrintTable(UsageStore& store, const ExchangeFilter& filter, Console& console) {
  Table table = ExchangeTable();
  TRY_VOID(store.Scan(filter, [&table](Exchange&& exchange) {
    AddRow(table, exchange);
    return true;
  }));
  table.Print(console);
  TRY(const int64_t count, store.Count(Unlimited(filter)));
  const auto shown = static_cast<int64_t>(table.rows());
  console.Err(fmt::format("{} of {}{}\n", HumanCount(shown), Counted(count, "exchange"),
                          shown < count ? " (--limit N or --all shows more)" : ""));
  return {};
}

Status FindSession(UsageStore& store, const std::filesystem::path& folder, ExchangeFilter& filter) {
  const auto key = ReadFile(OriginKeyPath(folder), 4096);
  if (!key || key->size() != 32) return {};  // nothing was hashed yet
  TRY(filter.session, SessionAsKept(store, *key, filter.session));
  return {};
}

Result<ExitCode> List(const ListFlags& flags, Console& console) {
  TRY(ExchangeFilter filter, FilterOf(flags));
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const auto store, OpenStore(folder, true));
  TRY_VOID(FindSession(*store, folder, filter));
  if (flags.count) {
    TRY(const int64_t count, store->Count(Unlimited(filter)));
    console.Out(flags.json ? fmt::format("{{\"count\":{}}}\n", count) : fmt::format("{}\n", count));
    return ExitCode::kOk;
  }
  TRY_VOID(NoteExport(flags, *store, filter, folder));
  const auto print = flags.jsonl ? PrintJsonl : flags.json ? PrintJson : PrintTable;
  TRY_VOID(print(*store, filter, console));
  return ExitCode::kOk;
}

Result<ExitCode> Show(const ShowFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const auto store, OpenStore(folder, true));
  auto exchange = store->Get(flags.id);
  if (!exchange && exchange.error().kind == ErrorKind::kNotFound) {
    return Fail(NotFound("there is no exchange " + Printable(flags.id))
                    .At(StorePath(folder).string())
                    .Mend("understudy exchanges list shows their ids."));
  }
  if (!exchange) return Fail(std::move(exchange).error());
  TRY_VOID(NoteInAudit(folder, audit_action::kReadBody, exchange->id, "as recorded"));
  console.Out(flags.json ? FormatExchangeLine(*exchange) + '\n' : DescribeExchange(*exchange));
  return ExitCode::kOk;
}

std::vector<std::string> OutcomeNames() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(Outcome::kInternalError); ++i) {
    names.emplace_back(Name(static_cast<Outcome>(i)));
  }
  return names;
}

}  // namespace

Action DefineExchangesList(CLI::App& app) {
  const auto flags = std::make_shared<ListFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--since", flags->since, "WHEN", "from then on: 2026-01-31, or 24h for a day ago")
      ->check(IsMoment());
  AddValue(app, "--until", flags->until, "WHEN", "before then")->check(IsMoment());
  AddValue(app, "--session", flags->filter.session, "ID", "of this session");
  AddValue(app, "--agent", flags->filter.agent, "NAME", "of this agent");
  AddValue(app, "--model", flags->filter.model, "NAME", "answered by this model");
  AddValue(app, "--task", flags->filter.task, "NAME", "of this task");
  AddValue(app, "--outcome", flags->outcome, "NAME", "that ended so: served, escalated, ...")
      ->check(CLI::IsMember(OutcomeNames()));
  AddValue(app, "-n,--limit", flags->limit, "N", "the newest N (default: 20)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  app.add_flag("--all", flags->all, "every one, in order of arrival")->excludes("--limit");
  app.add_flag("--jsonl", flags->jsonl, "whole exchanges, as understudy import takes them");
  app.add_flag("--count", flags->count, "only how many there are");
  AddJsonFlag(app, flags->json)->excludes("--jsonl");
  app.footer(
      "  understudy exchanges list --since 24h --outcome escalated\n"
      "  understudy exchanges list --jsonl --all > calls.jsonl");
  return [flags](Console& console) { return List(*flags, console); };
}

Action DefineExchangesShow(CLI::App& app) {
  const auto flags = std::make_shared<ShowFlags>();
  app.add_option("ID", flags->id, "the exchange's id")->required();
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--json", flags->json, "print the exchange as one line of exchange JSONL");
  app.footer("  understudy exchanges show ex_01JQZ3V7K2M4N6P8R0S2T4V6X8");
  return [flags](Console& console) { return Show(*flags, console); };
}

}  // namespace understudy
