// Erasing an origin: its data keys are destroyed, so what they sealed cannot be read by anybody,
// and its rows are removed, in one transaction. What was deleted is overwritten (secure_delete),
// and the log beside the file is cut.
//
// Pieces of its texts may stand in dictionaries. Those that were trained on it are closed in the
// same transaction (no writer uses them any more); then the rows of others that need them are
// written anew, and the dictionaries go, with their keys.
//
// Every erasure is written to a list beside the store first (PATH-erasures, one JSON object a line:
// {"at_ms", "origin", "last_key"}): every key of that origin with a number up to last_key is to be
// destroyed. A store that is opened takes over what its own table does not have yet, so that a copy
// from before cannot bring back what was erased.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store_file.h"
#include "store/upkeep.h"

namespace understudy {

struct Erased {
  int64_t exchanges = 0;
  int64_t keys = 0;          // of the origin, destroyed
  int64_t dictionaries = 0;  // removed
  int64_t rewritten = 0;     // rows of others that needed them
  bool log_cut = false;      // false: a reader kept the log; it holds sealed rows and wrapped keys
                             // until the next checkpoint
};

struct Erasure {
  int64_t at_ms = 0;
  std::string origin;
  int64_t last_key = 0;
};

// kNotFound where the store holds nothing of the origin. Interrupted after the first step, the
// origin's data is gone, and the rest is done at the next opening.
Result<Erased> EraseOrigin(StoreFile& file, std::string_view origin, const UpkeepHooks& hooks);

// At the opening: erasures of the list that this file does not know, and what an interrupted one
// left to do.
Status ApplyErasures(StoreFile& file);

std::filesystem::path ErasureListPath(const std::filesystem::path& store);
// Empty where there is no list; kInvalidInput names a line that is none.
Result<std::vector<Erasure>> ReadErasureList(const std::filesystem::path& store);

}  // namespace understudy
