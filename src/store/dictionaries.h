// The dictionaries of a store: the table, the training, and the codec that uses them.
//
// A dictionary is made of pieces of recorded texts, so it is sealed like them, under a key of its
// own, and the table dictionary_origin names those whose texts it was trained on: an origin's
// erasure takes such a dictionary with it (erase.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/body_codec.h"
#include "store/dictionary_trainer.h"
#include "store/key_ring.h"
#include "store/sealed_codec.h"
#include "store/sqlite.h"

namespace understudy {

class Dictionaries {
 public:
  // Both must outlive it. With an unlocked key ring the newest dictionary is in use at once.
  static Result<std::unique_ptr<Dictionaries>> Open(Database& database, KeyRing& keys);
  // Waits for a training under way and stores its dictionary: short runs should profit too.
  ~Dictionaries();

  BodyCodec& codec() { return *codec_; }

  // Before a batch, outside of a transaction: stores and uses a dictionary whose training is done.
  // A failure leaves things as they were, to be tried again with the next batch.
  void Refresh();
  // One body of a batch, for the training.
  void Offer(std::string_view plain, size_t stored_bytes, int64_t origin);
  // Others may have removed dictionaries: begins anew with what is stored, and forgets what was
  // collected for the next, which may hold what was erased.
  Status Reload();
  // Encode uses none from now on.
  void UseNone();

 private:
  Dictionaries(Database& database, KeyRing& keys) : database_(database), keys_(keys) {}
  void MakeCodec();
  Status Load();
  Status Seed();
  Status Publish(const TrainedDictionary& trained);
  Result<int64_t> Store(const TrainedDictionary& trained);
  Result<std::string> Find(int64_t id);

  Database& database_;
  KeyRing& keys_;
  Statement find_;
  std::unique_ptr<BodyCodec> codec_;
  std::unique_ptr<DictionaryTrainer> trainer_;
  std::optional<TrainedDictionary> waiting_;  // trained, not yet stored
  std::set<int64_t> origins_;                 // of what was collected since the last one
  bool seeded_ = false;
};

// Where a dictionary's bytes are bound to: `name` keeps the text that the result refers to.
BodyPlace DictionaryPlace(int64_t id, std::string& name);

}  // namespace understudy
