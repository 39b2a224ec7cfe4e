#include "store/key_ring.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace understudy {
namespace {

constexpr size_t kCachedKeys = 16'384;  // then it starts anew
constexpr int64_t kDayMs = 24LL * 3600 * 1000;

Error WrongKey(std::string_view wants, std::string_view has, std::string_view where) {
  return Error(InvalidInput(fmt::format("this is another master key: the store's is {}, and the "
                                        "one at hand is {}",
                                        wants, has)))
      .At(where)
      .Mend(
          "Put the right one where store.master_key says; without it nothing that was recorded "
          "can be read.");
}

// No exchange is at fault: what waits to be recorded goes on waiting.
std::unexpected<Error> AsOurs(Error error) {
  if (error.kind == ErrorKind::kInvalidInput) error.kind = ErrorKind::kIo;
  return Fail(std::move(error));
}

}  // namespace

KeyRing::KeyRing(Database& database, NameTable& names, const StoreOptions& options,
                 std::filesystem::path workspace)
    : database_(database), names_(names), options_(options), workspace_(std::move(workspace)) {}

Result<std::unique_ptr<KeyRing>> KeyRing::Open(Database& database, NameTable& names,
                                               const StoreOptions& options,
                                               std::filesystem::path workspace) {
  std::unique_ptr<KeyRing> ring(new KeyRing(database, names, options, std::move(workspace)));
  TRY(ring->epoch_query_, database.Prepare("SELECT epoch FROM state"));
  TRY(ring->current_, database.Prepare("SELECT id FROM data_key WHERE origin = ? AND period = ? "
                                       "AND kind = 0 AND closed = 0 ORDER BY id DESC LIMIT 1"));
  TRY(ring->find_,
      database.Prepare("SELECT kind, origin, period, wrapped FROM data_key WHERE id = ?"));
  TRY_VOID(ring->ReadState());
  return ring;
}

Status KeyRing::ReadState() {
  TRY(Statement state, database_.Prepare("SELECT epoch, master, plain FROM state"));
  TRY(const bool row, state.Step());
  if (!row) return Fail(IoError("the store is damaged: its state is gone").At(database_.name()));
  epoch_ = state.Number(0);
  master_id_ = state.Text(1);
  takes_plain_ = state.Number(2) != 0;
  return {};
}

Status KeyRing::Unlock() {
  if (master_) return {};
  if (master_id_.empty()) TRY_VOID(Adopt());
  if (master_) return {};
  auto loaded = LoadMaster(false);
  if (!loaded) return AsOurs(std::move(loaded).error());
  master_ = *std::move(loaded);
  return {};
}

// Of two processes that open a new store at once, the first one's key holds for both.
Status KeyRing::Adopt() {
  auto made = LoadMaster(true);
  if (!made) return AsOurs(std::move(made).error());
  MasterKey loaded = *std::move(made);
  TRY(Statement take, database_.Prepare("UPDATE state SET master = ? WHERE master = ''"));
  TRY_VOID(take.BindText(1, loaded.id()).Run());
  TRY_VOID(ReadState());
  auto fitting = Fitting(std::move(loaded));
  if (!fitting) return AsOurs(std::move(fitting).error());
  master_ = *std::move(fitting);
  return {};
}

// After a new master key was taken and before its file had its name, a crash may have come between.
Result<MasterKey> KeyRing::LoadMaster(bool is_new) const {
  const auto file = MasterKeyFile(options_.master_key, workspace_);
  if (is_new && file) TRY_VOID(MakeMasterKeyFile(*file));
  auto loaded = LoadMasterKey(options_.master_key, workspace_);
  if (is_new) return loaded;
  if (loaded && loaded->id() == master_id_) return loaded;
  if (file) {
    const auto next = LoadMasterKey("file:" + file->string() + ".new", workspace_);
    std::error_code ignored;
    if (next && next->id() == master_id_) {
      std::filesystem::rename(file->string() + ".new", *file, ignored);
      return LoadMasterKey("file:" + file->string() + (ignored ? ".new" : ""), workspace_);
    }
  }
  if (!loaded) return loaded;
  return Fitting(*std::move(loaded));
}

Result<MasterKey> KeyRing::Fitting(MasterKey loaded) const {
  if (loaded.id() == master_id_) return loaded;
  return Fail(WrongKey(master_id_, loaded.id(), database_.name()));
}

int64_t KeyRing::PeriodOf(int64_t at_ms) const {
  const int64_t length = options_.key_days * kDayMs;
  return at_ms / length - (at_ms % length < 0 ? 1 : 0);
}

// The origin's name, not its number: a key must not open when it is put beside another origin.
Result<std::string> KeyRing::Context(int64_t id, KeyKind kind, int64_t origin, int64_t period) {
  TRY(const std::string name, names_.Text(origin));
  return fmt::format("understudy data key {} {} {} {} {}", kSealVersion, id, static_cast<int>(kind),
                     period, name);
}

Result<const DataKey*> KeyRing::ForBody(int64_t origin, int64_t at_ms) {
  const std::pair place(origin, PeriodOf(at_ms));
  if (const auto open = open_.find(place); open != open_.end()) return Find(open->second);
  TRY_VOID(Unlock());
  current_.Bind(1, place.first).Bind(2, place.second);
  TRY(const bool there, current_.Step());
  const int64_t id = there ? current_.Number(0) : 0;
  current_.Reset();
  TRY(const DataKey* key, there ? Find(id) : Make(KeyKind::kBody, place.first, place.second));
  if (open_.size() >= kCachedKeys) open_.clear();
  open_[place] = key->id;
  return key;
}

Result<const DataKey*> KeyRing::ForDictionary() {
  TRY_VOID(Unlock());
  return Make(KeyKind::kDictionary, kNoName, 0);
}

// Numbers are never given twice, so that what was sealed with a destroyed key meets no other.
Result<const DataKey*> KeyRing::Make(KeyKind kind, int64_t origin, int64_t period) {
  TRY_VOID(database_.Execute("UPDATE state SET last_key = last_key + 1"));
  TRY(const int64_t id, database_.Number("SELECT last_key FROM state"));
  DataKey made{.id = id, .key = SecretKey::Random()};
  TRY(const std::string context, Context(id, kind, origin, period));
  const std::string wrapped = master_->Wrap(made.key, context);
  TRY(Statement insert,
      database_.Prepare("INSERT INTO data_key(id, kind, origin, period, made_ms, closed, wrapped) "
                        "VALUES (?, ?, ?, ?, ?, 0, ?)"));
  insert.Bind(1, id).Bind(2, static_cast<int64_t>(kind)).Bind(3, origin).Bind(4, period);
  insert.Bind(5, Clock::System().WallMs()).BindBlob(6, wrapped);
  TRY_VOID(insert.Run());
  return &known_.insert_or_assign(id, std::move(made)).first->second;
}

Result<const DataKey*> KeyRing::Find(int64_t id) {
  if (const auto found = known_.find(id); found != known_.end()) return &found->second;
  TRY_VOID(Unlock());
  find_.Bind(1, id);
  TRY(const bool there, find_.Step());
  if (!there) {
    find_.Reset();
    return Fail(NotFound(fmt::format("the data key {} is gone: it was destroyed, and nothing that "
                                     "it sealed can be read",
                                     id))
                    .At(database_.name()));
  }
  const auto kind = static_cast<KeyKind>(find_.Number(0));
  auto context = Context(id, kind, find_.Number(1), find_.Number(2));
  auto key = context ? master_->Unwrap(find_.Blob(3), *context) : std::nullopt;
  find_.Reset();
  TRY_VOID(std::move(context));
  if (!key) {
    return Fail(IoError(fmt::format("the store is damaged: its data key {} was altered", id))
                    .At(database_.name())
                    .Mend("restore the store from a copy"));
  }
  if (known_.size() >= kCachedKeys) Forget();
  return &known_.emplace(id, DataKey{id, *std::move(key)}).first->second;
}

Result<bool> KeyRing::Outdated() {
  TRY(const bool row, epoch_query_.Step());
  const int64_t epoch = row ? epoch_query_.Number(0) : -1;
  epoch_query_.Reset();
  return epoch != epoch_;
}

Status KeyRing::Settle() {
  const std::string before = master_id_;
  Forget();
  TRY_VOID(ReadState());
  if (master_id_ != before) master_.reset();
  return {};
}

void KeyRing::Forget() {
  known_.clear();
  open_.clear();
}

Result<int64_t> KeyRing::Rewrap(const MasterKey& next) {
  TRY_VOID(Unlock());
  TRY(Statement all, database_.Prepare("SELECT id, kind, origin, period FROM data_key"));
  TRY(Statement update, database_.Prepare("UPDATE data_key SET wrapped = ? WHERE id = ?"));
  int64_t count = 0;
  for (;; ++count) {
    TRY(const bool row, all.Step());
    if (!row) break;
    const int64_t id = all.Number(0);
    const auto kind = static_cast<KeyKind>(all.Number(1));
    TRY(const std::string context, Context(id, kind, all.Number(2), all.Number(3)));
    TRY(const DataKey* key, Find(id));
    const std::string wrapped = next.Wrap(key->key, context);
    TRY_VOID(update.BindBlob(1, wrapped).Bind(2, id).Run());
  }
  TRY(Statement state, database_.Prepare("UPDATE state SET master = ?"));
  TRY_VOID(state.BindText(1, next.id()).Run());
  TRY_VOID(RaiseEpoch());
  return count;
}

Result<int64_t> KeyRing::CloseAll() {
  TRY_VOID(database_.Execute("UPDATE data_key SET closed = 1 WHERE kind = 0 AND closed = 0"));
  const int64_t closed = database_.Changes();
  TRY_VOID(RaiseEpoch());
  return closed;
}

Status KeyRing::RaiseEpoch() {
  return database_.Execute("UPDATE state SET epoch = epoch + 1");
}

}  // namespace understudy
