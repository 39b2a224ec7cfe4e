// Frozen constants of the store's SQLite file, and the steps that bring an older file up to date.
// docs/format-store.md is the page that explains them; what stands here is stored on disks and
// never changes its meaning: append only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "store/sqlite.h"

namespace understudy {

inline constexpr int64_t kApplicationId = 0x55535459;  // "USTY"; PRAGMA application_id
inline constexpr int64_t kSchemaVersion = 2;           // PRAGMA user_version

// exchange.flags
inline constexpr int64_t kFlagStreamed = 1;
inline constexpr int64_t kFlagDecided = 2;  // the columns of the decision are filled
inline constexpr int64_t kFlagExplored = 4;

// answer.flags
inline constexpr int64_t kFlagServed = 1;
inline constexpr int64_t kFlagUsageKnown = 2;

// answer.id = exchange.id << kAnswerBits | position: the answers of an exchange lie together, in
// order, without an index of their own.
inline constexpr int kAnswerBits = 8;
inline constexpr size_t kMaxAnswers = size_t{1} << kAnswerBits;

// name.id and session.id of the empty text, which has no row.
inline constexpr int64_t kNoName = 0;

// The first byte of every stored body and detail says how the rest is to be read.
enum class CodecId : uint8_t {
  kRaw = 0,             // as it is
  kZstd = 1,            // one zstd frame
  kZstdDictionary = 2,  // varint id of a row in `dictionary`, then one zstd frame made with it
  kSealed = 3,          // varint id of a row in `data_key`, nonce, sealed bytes of one of the above
};

// What a sealed row and a wrapped key are bound to begins with it (sealed_codec.cc, key_ring.cc).
inline constexpr uint64_t kSealVersion = 1;

// data_key.kind
enum class KeyKind : uint8_t {
  kBody = 0,        // of one origin's exchanges in one period
  kDictionary = 1,  // of one dictionary, which has the key's id
};

// Before compression; larger rows are refused, on both ways.
inline constexpr size_t kMaxPlainBytes = size_t{256} << 20;

// Creates the tables in an empty file, or migrates an older one, in one transaction. A foreign or
// newer file is refused with an error that says so.
Status PrepareSchema(Database& database);

}  // namespace understudy
