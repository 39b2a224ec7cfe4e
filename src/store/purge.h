// Retention: removes what is older than store.retain_days, or than the first of store.rules that
// fits it, and destroys data keys that nothing is sealed with any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store_file.h"
#include "store/upkeep.h"

namespace understudy {

struct Purged {
  struct Class {
    std::string name;  // of the rule; "all other calls" for retain_days
    int64_t days = 0;  // 0: kept for ever
    int64_t exchanges = 0;
  };
  std::vector<Class> classes;
  int64_t exchanges = 0;
  int64_t keys = 0;
};

// By the options that the file was opened with; `now_ms` is the wall clock. With `dry_run` it
// counts and changes nothing. A thousand rows a transaction, so that a gateway records meanwhile.
// A clock that was set wrong cannot make it remove what is newer than the newest call.
Result<Purged> PurgeOld(StoreFile& file, int64_t now_ms, bool dry_run, const UpkeepHooks& hooks);

}  // namespace understudy
