// `understudy store`: what is kept, for how long, and whether it holds. Erasing and keys: see
// store_erase.cc; copies: store_copy.cc.
#include "access/audit_entry.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/store_flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "store/exchange_reader.h"
#include "store/purge.h"
#include "store/verify.h"

namespace understudy {
namespace {

struct StoreFlags {
  std::string workspace;
  bool origins = false, dry_run = false, json = false;
};

struct OriginRow {
  std::string origin;
  int64_t exchanges = 0, body_bytes = 0, first_ms = 0, last_ms = 0;
};

Result<std::vector<OriginRow>> Origins(StoreFile& file) {
  TRY(Statement rows, file.database->Prepare(
                          "SELECT coalesce(n.text, ''), count(*), sum(body_bytes), min(at_ms), "
                          "max(at_ms) FROM exchange e LEFT JOIN name n ON n.id = e.origin GROUP BY "
                          "e.origin ORDER BY count(*) DESC"));
  std::vector<OriginRow> origins;
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return origins;
    origins.push_back({std::string(rows.Text(0)), rows.Number(1), rows.Number(2), rows.Number(3),
                       rows.Number(4)});
  }
}

void PrintOrigins(const std::vector<OriginRow>& origins, Console& console) {
  Table table({{"ORIGIN"},
               {"EXCHANGES", Table::Align::kRight},
               {"TEXT", Table::Align::kRight},
               {"FIRST"},
               {"LAST"}});
  for (const OriginRow& row : origins) {
    table.Add({row.origin.empty() ? "-" : row.origin, HumanCount(row.exchanges),
               HumanBytes(row.body_bytes), FormatWallMs(row.first_ms), FormatWallMs(row.last_ms)});
  }
  table.Print(console);
}

json::array ToJson(const std::vector<OriginRow>& origins) {
  json::array list;
  for (const OriginRow& row : origins) {
    list.push_back({{"origin", row.origin},
                    {"exchanges", row.exchanges},
                    {"body_bytes", row.body_bytes},
                    {"first", FormatWallMs(row.first_ms)},
                    {"last", FormatWallMs(row.last_ms)}});
  }
  return list;
}

// Counts need no key: whoever may see the file's numbers sees no text.
Result<ExitCode> Stats(const StoreFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kSealed));
  TRY(const auto reader, ExchangeReader::Open(*store.file));
  TRY(const StoreStats stats, reader->Stats());
  TRY(const auto origins, Origins(*store.file));
  TRY(const int64_t used, store.file->UsedBytes());
  Database& database = *store.file->database;
  TRY(const int64_t keys, database.Number("SELECT count(*) FROM data_key"));
  TRY(const int64_t erasures, database.Number("SELECT count(*) FROM erasure"));
  const int64_t most = store.file->options.max_bytes;
  if (flags.json) {
    json::object object{{"exchanges", stats.exchanges},
                        {"body_bytes", stats.body_bytes},
                        {"stored_body_bytes", stats.stored_body_bytes},
                        {"bytes_on_disk", stats.bytes_on_disk},
                        {"used_bytes", used},
                        {"max_bytes", most},
                        {"data_keys", keys},
                        {"master_key", store.file->keys->master_id()},
                        {"erasures", erasures},
                        {"sealed", !store.file->keys->takes_plain()},
                        {"origins", std::ssize(origins)}};
    if (flags.origins) object["by_origin"] = ToJson(origins);
    console.Out(json::serialize(object) + '\n');
    return ExitCode::kOk;
  }
  console.Out(fmt::format(
      "{} of {}\ntext: {}, sealed in {}\non disk: {}, in use {}{}\n{} under master key {}{}\n",
      Counted(stats.exchanges, "exchange"), Counted(std::ssize(origins), "origin"),
      HumanBytes(stats.body_bytes), HumanBytes(stats.stored_body_bytes),
      HumanBytes(stats.bytes_on_disk), HumanBytes(used),
      most > 0 ? fmt::format(" of {}", HumanBytes(most)) : "", Counted(keys, "data key"),
      store.file->keys->master_id(),
      store.file->keys->takes_plain() ? "\nsome rows are still in plain: open it with its key"
                                      : ""));
  if (erasures > 0) console.Out(Counted(erasures, "erasure") + '\n');
  if (flags.origins) PrintOrigins(origins, console);
  return ExitCode::kOk;
}

Result<ExitCode> Purge(const StoreFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kOpen));
  if (!flags.dry_run) {
    TRY_VOID(NoteInAudit(store.options.workspace, audit_action::kPurged, "by retention", {}));
  }
  Result<Purged> purged;
  {
    StageWatch watch(console);
    purged = PurgeOld(*store.file, Clock::System().WallMs(), flags.dry_run, HooksOf(watch));
  }
  TRY_VOID(purged);
  if (flags.json) {
    json::array classes;
    for (const auto& one : purged->classes) {
      classes.push_back({{"name", one.name}, {"days", one.days}, {"exchanges", one.exchanges}});
    }
    console.Out(json::serialize(json::object{{"exchanges", purged->exchanges},
                                             {"data_keys", purged->keys},
                                             {"dry_run", flags.dry_run},
                                             {"classes", std::move(classes)}}) +
                '\n');
    return ExitCode::kOk;
  }
  Table table({{"CLASS"}, {"KEPT FOR"}, {"OLDER", Table::Align::kRight}});
  for (const auto& one : purged->classes) {
    table.Add(
        {one.name, one.days > 0 ? Counted(one.days, "day") : "ever", HumanCount(one.exchanges)});
  }
  table.Print(console);
  console.Out(flags.dry_run
                  ? fmt::format("Dry run: {} would go\n", Counted(purged->exchanges, "exchange"))
                  : fmt::format("Removed {}, destroyed {}\n",
                                Counted(purged->exchanges, "exchange"),
                                Counted(purged->keys, "data key")));
  return ExitCode::kOk;
}

Result<ExitCode> Verify(const StoreFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kOpen));
  Result<Verified> verified;
  {
    StageWatch watch(console);
    verified = VerifyStore(*store.file, HooksOf(watch));
  }
  TRY_VOID(verified);
  if (flags.json) {
    console.Out(json::serialize(json::object{{"exchanges", verified->exchanges},
                                             {"data_keys", verified->keys},
                                             {"bad", verified->bad},
                                             {"problems", json::value_from(verified->problems)}}) +
                '\n');
  } else {
    for (const auto& problem : verified->problems) console.Out(Printable(problem) + '\n');
    console.Out(
        fmt::format("{} and {} hold; {}\n", Counted(verified->exchanges, "exchange"),
                    Counted(verified->keys, "data key"),
                    verified->bad == 0 ? "nothing is wrong" : Counted(verified->bad, "problem")));
  }
  return verified->bad == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

Action DefineStoreStats(CLI::App& app) {
  const auto flags = std::make_shared<StoreFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--origins", flags->origins, "a line for each origin");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy store stats --origins");
  return [flags](Console& console) { return Stats(*flags, console); };
}

Action DefineStorePurge(CLI::App& app) {
  const auto flags = std::make_shared<StoreFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--dry-run", flags->dry_run, "count, and remove nothing");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy store purge --dry-run");
  return [flags](Console& console) { return Purge(*flags, console); };
}

Action DefineStoreVerify(CLI::App& app) {
  const auto flags = std::make_shared<StoreFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy store verify");
  return [flags](Console& console) { return Verify(*flags, console); };
}

}  // namespace understudy
