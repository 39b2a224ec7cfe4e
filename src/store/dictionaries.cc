#include "store/dictionaries.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"

namespace understudy {

Result<std::unique_ptr<Dictionaries>> Dictionaries::Open(Database& database) {
  std::unique_ptr<Dictionaries> made(new Dictionaries(database));
  TRY(made->find_, database.Prepare("SELECT data FROM dictionary WHERE id = ?"));
  made->codec_ =
      std::make_unique<BodyCodec>([raw = made.get()](int64_t id) { return raw->Find(id); });
  TRY_VOID(made->Load());
  return made;
}

Dictionaries::~Dictionaries() {
  if (!trainer_ || !trainer_->training()) return;
  trainer_->Wait();
  Refresh();
}

Result<std::string> Dictionaries::Find(int64_t id) {
  find_.Bind(1, id);
  TRY(const bool row, find_.Step());
  if (!row) {
    return Fail(IoError(fmt::format("the store is damaged: it has no dictionary {}", id))
                    .At(database_.name())
                    .Mend("restore the store from a copy"));
  }
  std::string bytes(find_.Blob(0));
  find_.Reset();
  return bytes;
}

Status Dictionaries::Load() {
  TRY(Statement newest,
      database_.Prepare("SELECT id, ratio, data FROM dictionary ORDER BY id DESC LIMIT 1"));
  TRY(const bool row, newest.Step());
  double ratio = 0;
  if (row) {
    // Without it new rows are larger and those made with it cannot be read, but recording goes on.
    const auto used = codec_->UseDictionary(newest.Number(0), newest.Blob(2));
    if (used) ratio = newest.Real(1);
    if (!used) LOG_WARN("{}", used.error().ToString());
  }
  trainer_ = std::make_unique<DictionaryTrainer>(ratio);
  return {};
}

// A gateway that restarts often would never see enough in one life: what is stored counts too.
Status Dictionaries::Seed() {
  seeded_ = true;
  if (codec_->dictionary() != 0) return {};
  TRY(Statement rows, database_.Prepare("SELECT e.uid, b.data FROM body b JOIN exchange e "
                                        "USING (id) ORDER BY b.id DESC LIMIT 1000"));
  std::string plain;
  while (!trainer_->training()) {
    TRY(const bool row, rows.Step());
    if (!row) break;
    const auto stored = rows.Blob(1);
    if (codec_->Decode(stored, {.exchange = rows.Text(0)}, plain)) Offer(plain, stored.size());
  }
  return {};
}

void Dictionaries::Refresh() {
  if (!seeded_) (void)Seed();
  if (!waiting_) waiting_ = trainer_->Take();
  if (waiting_ && Publish(*waiting_)) waiting_.reset();
}

Status Dictionaries::Publish(const TrainedDictionary& trained) {
  TRY(Transaction transaction, Transaction::Begin(database_));
  TRY(Statement insert, database_.Prepare("INSERT INTO dictionary(at_ms, samples, ratio, data) "
                                          "VALUES (?, ?, ?, ?)"));
  insert.Bind(1, Clock::System().WallMs()).Bind(2, trained.samples);
  insert.BindReal(3, trained.ratio).BindBlob(4, trained.bytes);
  TRY_VOID(insert.Run());
  const int64_t id = database_.LastRow();
  TRY_VOID(transaction.Commit());
  return codec_->UseDictionary(id, trained.bytes);
}

}  // namespace understudy
