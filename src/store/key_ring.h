// The data keys of a store: one for each origin and period, wrapped by the master key and kept in
// the table data_key. A key sealed one origin's calls of some days and nothing else, so what it
// opens ends with it; and another master key wraps anew without touching a body.
//
// Several processes may use a store. What one of them destroys (an origin, a master key) raises the
// number state.epoch; a writer compares it at the beginning of each of its transactions and then
// forgets what it holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/options.h"
#include "base/result.h"
#include "seal/master_key.h"
#include "store/name_table.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace understudy {

struct DataKey {
  int64_t id = 0;
  SecretKey key;
};

class KeyRing {
 public:
  // Both must outlive it. `workspace`: where a relative master key file starts.
  static Result<std::unique_ptr<KeyRing>> Open(Database& database, NameTable& names,
                                               const StoreOptions& options,
                                               std::filesystem::path workspace);

  // Loads the master key and checks that it is this store's; a store without one takes it, and
  // where none is there yet and the source is a file, makes it. Every way to a data key does so by
  // itself.
  Status Unlock();
  bool unlocked() const { return master_.has_value(); }

  // Within a transaction that writes. The key for this origin (its number in `name`) at this time.
  Result<const DataKey*> ForBody(int64_t origin, int64_t at_ms);
  Result<const DataKey*> ForDictionary();  // always a new one
  // Of what is stored. kNotFound: the key was destroyed, or never was here.
  Result<const DataKey*> Find(int64_t id);

  // Whether another connection destroyed something since the last Forget or Settle.
  Result<bool> Outdated();
  Status Settle();  // takes the present epoch as known, and forgets the keys held
  void Forget();    // after a roll-back: keys made in it do not exist

  // Within a transaction. Wraps every key by another master key, which is this store's from then
  // on; kIo names the first key that the present one does not open.
  Result<int64_t> Rewrap(const MasterKey& next);
  // Within a transaction: no body is sealed with the present keys any more.
  Result<int64_t> CloseAll();
  // Within a transaction: other connections, forget.
  Status RaiseEpoch();

  const std::string& master_id() const { return master_id_; }  // after Unlock or Open
  // Rows of version 1 may still be there in plain.
  bool takes_plain() const { return takes_plain_; }
  void RefusePlain() { takes_plain_ = false; }

 private:
  KeyRing(Database& database, NameTable& names, const StoreOptions& options,
          std::filesystem::path workspace);
  Status ReadState();
  Result<MasterKey> LoadMaster(bool is_new) const;
  Result<MasterKey> Fitting(MasterKey loaded) const;
  Status Adopt();
  Result<const DataKey*> Make(KeyKind kind, int64_t origin, int64_t period);
  Result<std::string> Context(int64_t id, KeyKind kind, int64_t origin, int64_t period);
  int64_t PeriodOf(int64_t at_ms) const;

  Database& database_;
  NameTable& names_;
  const StoreOptions options_;
  const std::filesystem::path workspace_;
  Statement epoch_query_, current_, find_;
  std::optional<MasterKey> master_;
  std::string master_id_;  // as the store names it; empty: it has none yet
  int64_t epoch_ = 0;
  bool takes_plain_ = false;
  std::unordered_map<int64_t, DataKey> known_;           // by id
  std::map<std::pair<int64_t, int64_t>, int64_t> open_;  // (origin, period) -> id
};

}  // namespace understudy
