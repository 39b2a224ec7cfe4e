#include "store/dictionaries.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"

namespace understudy {

BodyPlace DictionaryPlace(int64_t id, std::string& name) {
  name = fmt::format("dictionary {}", id);
  return {.exchange = name, .column = BodyColumn::kDictionary};
}

Result<std::unique_ptr<Dictionaries>> Dictionaries::Open(Database& database, KeyRing& keys) {
  std::unique_ptr<Dictionaries> made(new Dictionaries(database, keys));
  TRY(made->find_, database.Prepare("SELECT data FROM dictionary WHERE id = ?"));
  TRY_VOID(made->Reload());
  return made;
}

Dictionaries::~Dictionaries() {
  if (!trainer_ || !trainer_->training()) return;
  trainer_->Wait();
  Refresh();
}

void Dictionaries::MakeCodec() {
  codec_ = std::make_unique<BodyCodec>([this](int64_t id) { return Find(id); });
}

Status Dictionaries::Reload() {
  waiting_.reset();
  origins_.clear();
  seeded_ = false;
  MakeCodec();
  return Load();
}

void Dictionaries::UseNone() {
  trainer_ = std::make_unique<DictionaryTrainer>(0);
  waiting_.reset();
  origins_.clear();
  MakeCodec();
}

Result<std::string> Dictionaries::Find(int64_t id) {
  find_.Bind(1, id);
  TRY(const bool row, find_.Step());
  if (!row) {
    find_.Reset();
    return Fail(IoError(fmt::format("the store is damaged: it has no dictionary {}", id))
                    .At(database_.name())
                    .Mend("restore the store from a copy"));
  }
  std::string bytes, plain, name;
  const Status opened = OpenRow(keys_, find_.Blob(0), DictionaryPlace(id, name), bytes);
  find_.Reset();
  TRY_VOID(opened);
  // In plain it is as zstd made it; sealed, a codec's byte stands in front.
  if (keys_.takes_plain() && !bytes.empty() && bytes.front() != 0) return bytes;
  return bytes.substr(std::min<size_t>(1, bytes.size()));
}

Status Dictionaries::Load() {
  double ratio = 0;
  if (keys_.unlocked()) {
    TRY(Statement newest, database_.Prepare("SELECT id, ratio FROM dictionary WHERE closed = 0 "
                                            "ORDER BY id DESC LIMIT 1"));
    TRY(const bool row, newest.Step());
    const int64_t id = row ? newest.Number(0) : 0;
    const auto bytes = row ? Find(id) : Result<std::string>();
    // Without it new rows are larger and those made with it cannot be read, but recording goes on.
    const auto used = !row     ? Status()
                      : !bytes ? Status(Fail(Error(bytes.error())))
                               : codec_->UseDictionary(id, *bytes);
    if (row && used) ratio = newest.Real(1);
    if (!used) LOG_WARN("{}", used.error().ToString());
  }
  trainer_ = std::make_unique<DictionaryTrainer>(ratio);
  return {};
}

void Dictionaries::Offer(std::string_view plain, size_t stored_bytes, int64_t origin) {
  if (trainer_->collecting()) origins_.insert(origin);
  // The seal around it is not what a dictionary makes smaller.
  trainer_->Offer(plain, stored_bytes - std::min(stored_bytes, kSealOverheadBytes + 2));
}

// A gateway that restarts often would never see enough in one life: what is stored counts too.
Status Dictionaries::Seed() {
  seeded_ = true;
  if (codec_->dictionary() != 0) return {};
  TRY(Statement rows,
      database_.Prepare("SELECT e.uid, b.data, e.at_ms, e.outcome, o.text, s.text, e.origin FROM "
                        "body b JOIN exchange e USING (id) LEFT JOIN name o ON o.id = e.origin "
                        "LEFT JOIN session s ON s.id = e.session ORDER BY b.id DESC LIMIT 1000"));
  std::string inner, plain;
  while (!trainer_->training()) {
    TRY(const bool row, rows.Step());
    if (!row) break;
    const auto stored = rows.Blob(1);
    const BodyPlace place{.exchange = rows.Text(0),
                          .origin = rows.Text(4),
                          .session = rows.Text(5),
                          .at_ms = rows.Number(2),
                          .outcome = static_cast<uint8_t>(rows.Number(3))};
    if (OpenRow(keys_, stored, place, inner) && codec_->Decode(inner, place, plain)) {
      Offer(plain, stored.size(), rows.Number(6));
    }
  }
  return {};
}

void Dictionaries::Refresh() {
  if (!seeded_) (void)Seed();
  if (!waiting_) waiting_ = trainer_->Take();
  if (waiting_ && Publish(*waiting_)) waiting_.reset();
}

// Where something was erased meanwhile, its text may be in here: then it goes unused.
Status Dictionaries::Publish(const TrainedDictionary& trained) {
  TRY(Transaction transaction, Transaction::Begin(database_));
  TRY(const bool outdated, keys_.Outdated());
  if (outdated) return {};
  const auto id = Store(trained);
  if (!id) keys_.Forget();
  TRY_VOID(id);
  if (Status committed = transaction.Commit(); !committed) {
    keys_.Forget();
    return committed;
  }
  origins_.clear();
  return codec_->UseDictionary(*id, trained.bytes);
}

// Its number is its key's, which is never given twice.
Result<int64_t> Dictionaries::Store(const TrainedDictionary& trained) {
  TRY(const DataKey* key, keys_.ForDictionary());
  std::string inner(1, static_cast<char>(CodecId::kRaw)), sealed, name;
  inner += trained.bytes;
  SealRow(*key, inner, DictionaryPlace(key->id, name), sealed);
  TRY(Statement insert, database_.Prepare("INSERT INTO dictionary(id, at_ms, samples, ratio, data) "
                                          "VALUES (?, ?, ?, ?, ?)"));
  insert.Bind(1, key->id).Bind(2, Clock::System().WallMs()).Bind(3, trained.samples);
  insert.BindReal(4, trained.ratio).BindBlob(5, sealed);
  TRY_VOID(insert.Run());
  TRY(Statement from, database_.Prepare("INSERT INTO dictionary_origin VALUES (?, ?)"));
  for (const int64_t origin : origins_) {
    TRY_VOID(from.Bind(1, key->id).Bind(2, origin).Run());
  }
  return key->id;
}

}  // namespace understudy
