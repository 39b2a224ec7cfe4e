// The dictionaries of a store: the table, the training, and the codec that uses them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/body_codec.h"
#include "store/dictionary_trainer.h"
#include "store/sqlite.h"

namespace understudy {

class Dictionaries {
 public:
  // The newest dictionary is in use at once. Database must outlive it.
  static Result<std::unique_ptr<Dictionaries>> Open(Database& database);
  // Waits for a training under way and stores its dictionary: short runs should profit too.
  ~Dictionaries();

  BodyCodec& codec() { return *codec_; }

  // Before a batch, outside of a transaction: stores and uses a dictionary whose training is done.
  // A failure leaves things as they were, to be tried again with the next batch.
  void Refresh();
  // One body of a batch, for the training.
  void Offer(std::string_view plain, size_t stored_bytes) { trainer_->Offer(plain, stored_bytes); }

 private:
  explicit Dictionaries(Database& database) : database_(database) {}
  Status Load();
  Status Seed();
  Status Publish(const TrainedDictionary& trained);
  Result<std::string> Find(int64_t id);

  Database& database_;
  Statement find_;
  std::unique_ptr<BodyCodec> codec_;
  std::unique_ptr<DictionaryTrainer> trainer_;
  std::optional<TrainedDictionary> waiting_;  // trained, not yet stored
  bool seeded_ = false;
};

}  // namespace understudy
