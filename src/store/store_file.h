// One open SQLite store: the database and what its writer and its reader share.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/checkpointer.h"
#include "store/dictionaries.h"
#include "store/name_table.h"
#include "store/sqlite.h"

namespace understudy {

struct StoreFile {
  // Opens or creates, sets the connection up, brings the schema up to date.
  static Result<std::unique_ptr<StoreFile>> Open(const std::filesystem::path& path);

  std::unique_ptr<Database> database;
  NameTable names, sessions;
  std::unique_ptr<Dictionaries> dictionaries;
  std::unique_ptr<Checkpointer> checkpointer;
};

}  // namespace understudy
