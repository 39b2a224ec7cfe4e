// `understudy store erase` and `rekey`: what destroys keys, or changes them.
#include "access/audit_entry.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/provenance.h"
#include "cli/store_flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "store/erase.h"
#include "store/exchange_reader.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct EraseFlags {
  std::string workspace, origin;
  bool dry_run = false, json = false;
};

struct RekeyFlags {
  std::string workspace, source;
  bool data_keys = false, json = false;
};

Result<std::unordered_set<std::string>> IdsOf(StoreFile& file, const std::string& origin) {
  TRY(Statement rows,
      file.database->Prepare("SELECT e.uid FROM exchange e JOIN name n ON n.id = e.origin WHERE "
                             "n.text = ?"));
  rows.BindText(1, origin);
  std::unordered_set<std::string> ids;
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return ids;
    ids.emplace(rows.Text(0));
  }
}

json::array ToJson(const std::vector<Artefact>& artefacts) {
  json::array list;
  for (const Artefact& one : artefacts) {
    list.push_back({{"folder", one.folder.string()},
                    {"kind", one.kind},
                    {"exchanges", one.exchanges},
                    {"serves", json::value_from(one.serves)}});
  }
  return list;
}

void Print(const Provenance& provenance, Console& console) {
  if (provenance.artefacts.empty()) {
    console.Out("No run and no adapter was made of them.\n");
  } else {
    Table table({{"MADE OF THEM"}, {"KIND"}, {"ROWS", Table::Align::kRight}, {"SERVES NOW"}});
    for (const Artefact& one : provenance.artefacts) {
      table.Add({one.folder.string(), one.kind, one.exchanges > 0 ? HumanCount(one.exchanges) : "-",
                 one.serves.empty() ? "-" : fmt::format("{}", fmt::join(one.serves, ", "))});
    }
    table.Print(console);
    console.Out(
        "They are not changed: masked rows stay in these runs, and weights may remember "
        "what they were\ntrained on. They are marked as stale. Delete them, refine anew, "
        "and deploy what comes of it.\n");
  }
  if (provenance.unreadable > 0) {
    console.Err(fmt::format("note: {} could not be read, so more may have been made of them\n",
                            Counted(provenance.unreadable, "run")));
  }
}

Result<ExitCode> Erase(const EraseFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kOpen));
  TRY(const auto ids, IdsOf(*store.file, flags.origin));
  const Provenance provenance = FindArtefacts(store.options.workspace, ids);
  Result<Erased> erased;
  if (!flags.dry_run) {
    TRY_VOID(NoteInAudit(store.options.workspace, audit_action::kErased, flags.origin,
                         Counted(std::ssize(ids), "exchange")));
    StageWatch watch(console);
    erased = EraseOrigin(*store.file, flags.origin, HooksOf(watch));
  }
  TRY_VOID(erased);
  int64_t unmarked = 0;
  for (const Artefact& one : provenance.artefacts) {
    if (flags.dry_run) break;
    unmarked += !MarkStale(one, flags.origin, Clock::System().WallMs());
  }
  const auto count = flags.dry_run ? std::ssize(ids) : erased->exchanges;
  if (flags.json) {
    console.Out(json::serialize(json::object{{"origin", flags.origin},
                                             {"exchanges", count},
                                             {"data_keys", erased->keys},
                                             {"dictionaries", erased->dictionaries},
                                             {"rewritten", erased->rewritten},
                                             {"log_cut", erased->log_cut},
                                             {"dry_run", flags.dry_run},
                                             {"artefacts", ToJson(provenance.artefacts)},
                                             {"unreadable", provenance.unreadable}}) +
                '\n');
    return ExitCode::kOk;
  }
  if (flags.dry_run) {
    console.Out(fmt::format("Dry run: {} would be erased\n", Counted(count, "exchange")));
  } else {
    console.Out(fmt::format("Erased {}, destroyed {} and {}\n", Counted(count, "exchange"),
                            Counted(erased->keys, "data key"),
                            Counted(erased->dictionaries, "shared dictionary")));
  }
  Print(provenance, console);
  if (unmarked > 0) console.Err(fmt::format("note: {} could not be marked\n", unmarked));
  if (!flags.dry_run && !erased->log_cut) {
    console.Err(
        "note: another process keeps the store's log; it shrinks at that one's next checkpoint\n");
  }
  return ExitCode::kOk;
}

// The new key is on the disk before the store needs it; a crash in between is mended by whoever
// opens the store next (store/key_ring.cc).
Result<int64_t> Rewrap(StoreFile& file, const MasterKey& next) {
  TRY(Transaction transaction, Transaction::Begin(*file.database));
  TRY_VOID(file.Settle());
  TRY(const int64_t keys, file.keys->Rewrap(next));
  TRY_VOID(transaction.Commit());
  return keys;
}

Result<int64_t> NewKeyInFile(StoreFile& file, const fs::path& path) {
  const fs::path beside = path.string() + ".new";
  std::error_code failed;
  fs::remove(beside, failed);
  TRY_VOID(MakeMasterKeyFile(beside));
  TRY(const MasterKey next, LoadMasterKey("file:" + beside.string(), {}));
  TRY(const int64_t keys, Rewrap(file, next));
  fs::rename(beside, path, failed);
  if (failed) return Fail(IoError("cannot rename " + beside.string() + ": " + failed.message()));
  return keys;
}

Result<ExitCode> Rekey(const RekeyFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kOpen));
  StoreFile& file = *store.file;
  const fs::path workspace = store.options.workspace;
  const std::string before = file.keys->master_id();
  if (flags.data_keys) {
    TRY_VOID(NoteInAudit(workspace, audit_action::kRekeyed, "data keys", {}));
    TRY(Transaction transaction, Transaction::Begin(*file.database));
    TRY(const int64_t closed, file.keys->CloseAll());
    TRY_VOID(transaction.Commit());
    console.Out(flags.json ? fmt::format("{{\"closed\":{}}}\n", closed)
                           : fmt::format("Closed {}; new calls get new ones\n",
                                         Counted(closed, "data key")));
    return ExitCode::kOk;
  }
  const auto key_file = MasterKeyFile(file.options.master_key, workspace);
  if (flags.source.empty() && !key_file) {
    return Fail(
        UsageError("the master key does not come from a file, so a new one cannot be made "
                   "here: name it with --to env:NAME, --to command:LINE or --to file:PATH"));
  }
  TRY_VOID(NoteInAudit(workspace, audit_action::kRekeyed, "master key",
                       fmt::format("before: {}", before)));
  int64_t keys = 0;
  if (flags.source.empty()) {
    TRY(keys, NewKeyInFile(file, *key_file));
  } else {
    TRY(const MasterKey next, LoadMasterKey(flags.source, workspace));
    TRY(keys, Rewrap(file, next));
  }
  TRY_VOID(file.keys->Settle());
  const bool cut = file.database->CutLog().has_value();
  if (flags.json) {
    console.Out(json::serialize(json::object{{"data_keys", keys},
                                             {"before", before},
                                             {"master_key", file.keys->master_id()},
                                             {"log_cut", cut}}) +
                '\n');
    return ExitCode::kOk;
  }
  console.Out(fmt::format("Wrapped {} by master key {} (before: {}); no body was written anew\n",
                          Counted(keys, "data key"), file.keys->master_id(), before));
  if (!flags.source.empty()) {
    console.Out(
        "Now set store.master_key in config.toml to where the new key is, and restart the "
        "gateway.\n");
  }
  console.Err("note: copies of the store from before still need the old master key\n");
  return ExitCode::kOk;
}

}  // namespace

Action DefineStoreErase(CLI::App& app) {
  const auto flags = std::make_shared<EraseFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--origin", flags->origin, "HASH",
           "whose calls: as `understudy store stats --origins` and `exchanges show` name it")
      ->required();
  app.add_flag("--dry-run", flags->dry_run, "say what would go and what was made of it");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy store erase --origin 4d1f0c2ab7e9935566aa01bc9e7d2f10");
  return [flags](Console& console) { return Erase(*flags, console); };
}

Action DefineStoreRekey(CLI::App& app) {
  const auto flags = std::make_shared<RekeyFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--to", flags->source, "SOURCE",
           "the new master key: file:PATH, env:NAME or command:LINE (default: a new random one in "
           "the present file)");
  app.add_flag("--data-keys", flags->data_keys,
               "instead, seal new calls with new data keys; the old ones still open what they "
               "sealed");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy store rekey");
  return [flags](Console& console) { return Rekey(*flags, console); };
}

}  // namespace understudy
