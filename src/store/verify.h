// Reads all of a store and says what does not hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store_file.h"
#include "store/upkeep.h"

namespace understudy {

struct Verified {
  int64_t exchanges = 0;  // read whole
  int64_t keys = 0;       // data keys that the master key opens
  int64_t bad = 0;
  std::vector<std::string> problems;  // the first 20: what, and of which exchange
};

// SQLite's own check of every page, every data key, every exchange with its bodies, and bodies that
// belong to none. Fails only where nothing can be read at all.
Result<Verified> VerifyStore(StoreFile& file, const UpkeepHooks& hooks);

}  // namespace understudy
