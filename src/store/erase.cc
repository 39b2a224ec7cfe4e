#include "store/erase.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "store/drop_rows.h"
#include "store/exchange_reader.h"
#include "store/exchange_writer.h"

namespace understudy {
namespace {

constexpr int kCutAttempts = 50;
constexpr std::chrono::milliseconds kCutPause(100);
constexpr size_t kRowsAtOnce = 1'000;

Status AppendToList(const std::filesystem::path& store, const Erasure& erasure) {
  const auto path = ErasureListPath(store);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  const json::object object{
      {"at_ms", erasure.at_ms}, {"origin", erasure.origin}, {"last_key", erasure.last_key}};
  const std::string line = json::serialize(object) + '\n';
  const bool written = ::write(fd, line.data(), line.size()) == std::ssize(line);
  const bool synced = written && ::fsync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  if (!synced) return Fail(IoErrorFromErrno("cannot write " + path.string(), reason));
  return {};
}

// Rows whose body or detail a key up to last_key sealed, and those without any that are as old as
// the erasure.
Result<std::vector<int64_t>> RowsOf(StoreFile& file, int64_t origin, const Erasure& erasure,
                                    bool all) {
  TRY(Statement rows, file.database->Prepare("SELECT e.id, e.at_ms, e.detail, b.data FROM exchange "
                                             "e LEFT JOIN body b USING (id) WHERE e.origin = ?"));
  rows.Bind(1, origin);
  std::vector<int64_t> found;
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return found;
    auto head = ParseSealed(rows.Blob(2));
    if (!head) head = ParseSealed(rows.Blob(3));
    const bool before = head ? head->key <= erasure.last_key : rows.Number(1) <= erasure.at_ms;
    if (all || before) found.push_back(rows.Number(0));
  }
}

Result<int64_t> DestroyKeys(Database& database, int64_t origin, int64_t last_key) {
  TRY(Statement destroy,
      database.Prepare("DELETE FROM data_key WHERE kind = 0 AND origin = ? AND id <= ?"));
  TRY_VOID(destroy.Bind(1, origin).Bind(2, last_key).Run());
  return database.Changes();
}

Status CloseDictionaries(Database& database, int64_t origin) {
  TRY(Statement close, database.Prepare("UPDATE dictionary SET closed = 1 WHERE id IN (SELECT "
                                        "dictionary FROM dictionary_origin WHERE origin = ?)"));
  return close.Bind(1, origin).Run();
}

Status Note(Database& database, const Erasure& erasure) {
  TRY(Statement note,
      database.Prepare("INSERT OR IGNORE INTO erasure(at_ms, origin, last_key) VALUES (?,?,?)"));
  TRY_VOID(note.Bind(1, erasure.at_ms).BindText(2, erasure.origin).Bind(3, erasure.last_key).Run());
  TRY(Statement above, database.Prepare("UPDATE state SET last_key = max(last_key, ?)"));
  return above.Bind(1, erasure.last_key).Run();
}

// Within a transaction.
Status Destroy(StoreFile& file, const Erasure& erasure, bool all, Erased& erased) {
  TRY(const auto origin, file.names.Find(erasure.origin));
  if (origin) {
    TRY(const auto rows, RowsOf(file, *origin, erasure, all));
    TRY(erased.keys, DestroyKeys(*file.database, *origin, erasure.last_key));
    if (!rows.empty() || erased.keys > 0) TRY_VOID(CloseDictionaries(*file.database, *origin));
    TRY_VOID(DropRows(*file.database, rows));
    erased.exchanges = std::ssize(rows);
  }
  TRY_VOID(Note(*file.database, erasure));
  return file.keys->RaiseEpoch();
}

// Rows of others that closed dictionaries compressed.
class Recompression {
 public:
  Recompression(StoreFile& file, const UpkeepHooks& hooks) : file_(file), hooks_(hooks) {}

  Status Run(Erased& erased) {
    TRY(const int64_t closed,
        file_.database->Number("SELECT count(*) FROM dictionary WHERE closed = 1"));
    if (closed == 0) return {};
    file_.dictionaries->UseNone();
    TRY(reader_, ExchangeReader::Open(file_));
    TRY(writer_, ExchangeWriter::Open(file_));
    TRY(rows_, file_.database->Prepare("SELECT id, uid FROM exchange WHERE id > ? ORDER BY id"));
    TRY(total_, file_.database->Number("SELECT count(*) FROM exchange"));
    int64_t last = 0;
    do {
      TRY(last, Some(last, erased));
      TRY_VOID(hooks_.Step("Recompressing", seen_, total_));
    } while (last > 0);
    TRY_VOID(Remove());
    erased.dictionaries = closed;
    return {};
  }

 private:
  // The last row that was looked at; 0 at the end.
  Result<int64_t> Some(int64_t after, Erased& erased) {
    TRY(Transaction transaction, Transaction::Begin(*file_.database));
    std::vector<std::pair<int64_t, std::string>> batch;
    rows_.Bind(1, after);
    while (batch.size() < kRowsAtOnce) {
      TRY(const bool row, rows_.Step());
      if (!row) break;
      batch.emplace_back(rows_.Number(0), rows_.Text(1));
    }
    rows_.Reset();
    for (const auto& [row, uid] : batch) {
      ++seen_;
      auto whole = reader_->Get(uid);
      if (!whole) continue;  // damaged as it was before
      TRY_VOID(writer_->Rewrite(row, *whole));
      ++erased.rewritten;
    }
    TRY_VOID(transaction.Commit());
    return batch.empty() ? 0 : batch.back().first;
  }

  // A dictionary's key stands in front of its sealed bytes.
  Status Remove() {
    TRY(Transaction transaction, Transaction::Begin(*file_.database));
    TRY(Statement closed,
        file_.database->Prepare("SELECT id, data FROM dictionary WHERE closed = 1"));
    std::vector<int64_t> keys;
    for (;;) {
      TRY(const bool row, closed.Step());
      if (!row) break;
      if (const auto head = ParseSealed(closed.Blob(1))) keys.push_back(head->key);
    }
    closed.Reset();
    TRY(Statement destroy, file_.database->Prepare("DELETE FROM data_key WHERE id = ?"));
    for (const int64_t key : keys) TRY_VOID(destroy.Bind(1, key).Run());
    TRY_VOID(file_.database->Execute(
        "DELETE FROM dictionary_origin WHERE dictionary IN (SELECT id FROM dictionary WHERE "
        "closed = 1); DELETE FROM dictionary WHERE closed = 1"));
    TRY_VOID(file_.keys->RaiseEpoch());
    TRY_VOID(transaction.Commit());
    TRY_VOID(file_.keys->Settle());
    TRY_VOID(file_.keys->Unlock());
    return file_.dictionaries->Reload();
  }

  StoreFile& file_;
  const UpkeepHooks& hooks_;
  std::unique_ptr<ExchangeReader> reader_;
  std::unique_ptr<ExchangeWriter> writer_;
  Statement rows_;
  int64_t seen_ = 0, total_ = 0;
};

bool CutLog(Database& database) {
  for (int attempt = 0; attempt < kCutAttempts; ++attempt) {
    if (database.CutLog()) return true;
    std::this_thread::sleep_for(kCutPause);
  }
  return false;
}

Result<std::vector<Erasure>> Unknown(StoreFile& file) {
  TRY(auto listed, ReadErasureList(file.database->path()));
  TRY(Statement known,
      file.database->Prepare("SELECT 1 FROM erasure WHERE origin = ? AND last_key = ?"));
  std::vector<Erasure> unknown;
  for (Erasure& erasure : listed) {
    known.BindText(1, erasure.origin).Bind(2, erasure.last_key);
    TRY(const bool there, known.Step());
    known.Reset();
    if (!there) unknown.push_back(std::move(erasure));
  }
  return unknown;
}

}  // namespace

std::filesystem::path ErasureListPath(const std::filesystem::path& store) {
  return store.string() + "-erasures";
}

Result<std::vector<Erasure>> ReadErasureList(const std::filesystem::path& store) {
  const auto path = ErasureListPath(store);
  std::vector<Erasure> list;
  std::error_code missing;
  if (!std::filesystem::exists(path, missing)) return list;
  TRY(const std::string text, ReadFile(path, 1 << 28));
  size_t at = 0;
  for (int line = 1; at < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto value = ParseJson(std::string_view(text).substr(at, end - at));
    at = end + 1;
    const std::string_view origin = value ? StringOr(*value, "origin") : std::string_view();
    const int64_t last_key = value ? IntOr(*value, "last_key", -1) : -1;
    if (!value || origin.empty() || last_key < 0) {
      return Fail(InvalidInput("this line of the list of erasures is none")
                      .At(fmt::format("{}:{}", path.string(), line))
                      .Mend("Restore the list from a copy; without it, a restored store may hold "
                            "what was erased."));
    }
    list.push_back({IntOr(*value, "at_ms", 0), std::string(origin), last_key});
  }
  return list;
}

Result<Erased> EraseOrigin(StoreFile& file, std::string_view origin, const UpkeepHooks& hooks) {
  Erased erased;
  {
    TRY(Transaction transaction, Transaction::Begin(*file.database));
    TRY_VOID(file.Settle());
    TRY(const auto known, file.names.Find(origin));
    if (!known || origin.empty()) {
      return Fail(NotFound(fmt::format("the store holds nothing of the origin \"{}\"", origin))
                      .At(file.database->name())
                      .Mend("understudy store stats --origins lists them."));
    }
    TRY(const int64_t last_key, file.database->Number("SELECT last_key FROM state"));
    const Erasure erasure{Clock::System().WallMs(), std::string(origin), last_key};
    TRY_VOID(AppendToList(file.database->path(), erasure));
    if (auto done = Destroy(file, erasure, true, erased); !done) {
      file.Forget();
      return Fail(std::move(done).error());
    }
    TRY_VOID(transaction.Commit());
  }
  TRY_VOID(file.Settle());
  TRY_VOID(Recompression(file, hooks).Run(erased));
  erased.log_cut = CutLog(*file.database);
  return erased;
}

Status ApplyErasures(StoreFile& file) {
  TRY(const auto unknown, Unknown(file));
  Erased erased;
  if (!unknown.empty()) {
    TRY(Transaction transaction, Transaction::Begin(*file.database));
    TRY_VOID(file.Settle());
    for (const Erasure& erasure : unknown) {
      Erased one;
      TRY_VOID(Destroy(file, erasure, false, one));
      erased.exchanges += one.exchanges;
    }
    TRY_VOID(transaction.Commit());
    TRY_VOID(file.Settle());
    LOG_WARN("store: {} erasures were applied again to {}: {} exchanges are gone", unknown.size(),
             file.database->name(), erased.exchanges);
  }
  TRY_VOID(Recompression(file, {}).Run(erased));
  if (!unknown.empty()) (void)file.database->CutLog();
  return {};
}

}  // namespace understudy
