#include "store/schema.h"

#include <array>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE name(
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE session(
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE exchange(
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  at_ms INTEGER NOT NULL,
  session INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  endpoint INTEGER NOT NULL,
  model INTEGER NOT NULL,
  task INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  v INTEGER NOT NULL,
  total_us INTEGER NOT NULL,
  body_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  policy INTEGER,
  chosen INTEGER,
  route INTEGER,
  reason INTEGER,
  propensity REAL,
  took_ns INTEGER,
  candidates BLOB,
  detail BLOB) STRICT;
CREATE INDEX exchange_at ON exchange(at_ms);
CREATE INDEX exchange_session ON exchange(session);
CREATE TABLE answer(
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  model INTEGER NOT NULL,
  deployment INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  retries INTEGER NOT NULL,
  queue_us INTEGER NOT NULL,
  first_token_us INTEGER NOT NULL,
  total_us INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  verdict_us INTEGER NOT NULL) STRICT;
CREATE TABLE body(
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL) STRICT;
CREATE TABLE dictionary(
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  ratio REAL NOT NULL,
  data BLOB NOT NULL) STRICT;
)sql";

// What is in plain stays so until seal_old.h has sealed it: plain = 1. Whose text went into the
// dictionaries of version 1 nobody knows, so it may be anybody's.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE state(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  last_key INTEGER NOT NULL,
  master TEXT NOT NULL,
  plain INTEGER NOT NULL) STRICT;
INSERT INTO state
  SELECT 1, 0, (SELECT coalesce(max(id), 0) FROM dictionary), '', EXISTS (SELECT 1 FROM exchange);
CREATE TABLE data_key(
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  period INTEGER NOT NULL,
  made_ms INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  wrapped BLOB NOT NULL) STRICT;
CREATE INDEX data_key_place ON data_key(origin, period);
ALTER TABLE dictionary ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE dictionary_origin(
  dictionary INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  PRIMARY KEY (dictionary, origin)) STRICT;
INSERT INTO dictionary_origin
  SELECT dictionary.id, origin FROM dictionary, (SELECT DISTINCT origin FROM exchange);
CREATE TABLE erasure(
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  origin TEXT NOT NULL,
  last_key INTEGER NOT NULL,
  UNIQUE (origin, last_key)) STRICT;
)sql";

// kMigrations[n] brings version n to n + 1.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {kVersion1, kVersion2};

Status CheckOwner(Database& database, int64_t version) {
  // In this order: another process may create tables and number together between the two.
  TRY(const int64_t objects, database.Number("SELECT count(*) FROM sqlite_schema"));
  TRY(const int64_t application, database.Number("PRAGMA application_id"));
  if (application == kApplicationId) return {};
  if (application == 0 && version == 0 && objects == 0) return {};  // new and empty
  return Fail(InvalidInput("this SQLite file is not an Understudy store")
                  .At(database.name())
                  .Mend("name another file, or another workspace"));
}

Status CheckVersion(Database& database, int64_t version) {
  if (version <= kSchemaVersion && version >= 0) return {};
  return Fail(InvalidInput(fmt::format("the store has version {}, and this program knows none "
                                       "above {}",
                                       version, kSchemaVersion))
                  .At(database.name())
                  .Mend("use the newer understudy that wrote it"));
}

Status Migrate(Database& database) {
  // Read again under the lock: another process may just have done it.
  TRY(const int64_t version, database.Number("PRAGMA user_version"));
  TRY_VOID(CheckVersion(database, version));
  for (int64_t next = version; next < kSchemaVersion; ++next) {
    TRY_VOID(database.Execute(kMigrations[static_cast<size_t>(next)]));
  }
  TRY_VOID(database.Execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
  return database.Execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
}

}  // namespace

Status PrepareSchema(Database& database) {
  TRY(const int64_t version, database.Number("PRAGMA user_version"));
  TRY_VOID(CheckOwner(database, version));
  TRY_VOID(CheckVersion(database, version));
  if (version == kSchemaVersion) return {};
  TRY(Transaction transaction, Transaction::Begin(database));
  TRY_VOID(Migrate(database));
  return transaction.Commit();
}

}  // namespace understudy
