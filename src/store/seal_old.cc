#include "store/seal_old.h"

#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "store/exchange_reader.h"
#include "store/exchange_writer.h"

namespace understudy {
namespace {

constexpr const char* kPlainRows =
    "SELECT e.id, e.uid FROM exchange e LEFT JOIN body b USING (id) WHERE e.id > ? AND "
    "(substr(b.data, 1, 1) <> x'03' OR substr(e.detail, 1, 1) <> x'03') ORDER BY e.id LIMIT 1000";

Status SealDictionaries(StoreFile& file) {
  TRY(Transaction transaction, Transaction::Begin(*file.database));
  TRY(Statement plain,
      file.database->Prepare("SELECT id, data FROM dictionary WHERE substr(data, 1, 1) <> x'03'"));
  TRY(Statement update, file.database->Prepare("UPDATE dictionary SET data = ? WHERE id = ?"));
  std::string inner, sealed, name;
  for (;;) {
    TRY(const bool row, plain.Step());
    if (!row) break;
    TRY(const DataKey* key, file.keys->ForDictionary());
    inner.assign(1, static_cast<char>(CodecId::kRaw));
    inner += plain.Blob(1);
    SealRow(*key, inner, DictionaryPlace(plain.Number(0), name), sealed);
    TRY_VOID(update.BindBlob(1, sealed).Bind(2, plain.Number(0)).Run());
  }
  return transaction.Commit();
}

class OldRows {
 public:
  explicit OldRows(StoreFile& file) : file_(file) {}

  Status SealAll() {
    TRY(reader_, ExchangeReader::Open(file_));
    TRY(writer_, ExchangeWriter::Open(file_));
    TRY(rows_, file_.database->Prepare(kPlainRows));
    for (;;) {
      TRY(const size_t sealed, SealSome());
      if (sealed == 0) break;
    }
    if (damaged_ > 0) {
      LOG_WARN("store: {} rows of {} are damaged and were left as they are", damaged_,
               file_.database->name());
    }
    return {};
  }

 private:
  Result<size_t> SealSome() {
    TRY(Transaction transaction, Transaction::Begin(*file_.database));
    std::vector<std::pair<int64_t, std::string>> batch;
    rows_.Bind(1, last_);
    for (;;) {
      TRY(const bool row, rows_.Step());
      if (!row) break;
      batch.emplace_back(rows_.Number(0), rows_.Text(1));
    }
    rows_.Reset();
    for (const auto& [row, uid] : batch) {
      last_ = row;
      const auto whole = reader_->Get(uid);
      if (!whole) ++damaged_;
      if (whole) TRY_VOID(writer_->Rewrite(row, *whole));
    }
    TRY_VOID(transaction.Commit());
    return batch.size();
  }

  StoreFile& file_;
  std::unique_ptr<ExchangeReader> reader_;
  std::unique_ptr<ExchangeWriter> writer_;
  Statement rows_;
  int64_t last_ = 0;
  size_t damaged_ = 0;
};

Status SealAll(StoreFile& file) {
  TRY_VOID(SealDictionaries(file));
  TRY_VOID(OldRows(file).SealAll());
  TRY_VOID(file.database->Execute("VACUUM"));
  TRY_VOID(file.database->CutLog());
  TRY_VOID(file.database->Execute("UPDATE state SET plain = 0"));
  file.keys->RefusePlain();
  return {};
}

}  // namespace

Status SealOldRows(StoreFile& file) {
  if (!file.keys->takes_plain()) return {};
  LOG_INFO("store: sealing what {} holds in plain", file.database->name());
  const Status sealed = SealAll(file);
  if (sealed) return {};
  file.Forget();
  LOG_WARN("store: not all is sealed yet, it is tried again at the next start: {}",
           sealed.error().ToString());
  return {};
}

}  // namespace understudy
