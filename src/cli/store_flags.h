// What the commands of `understudy store` share.
#pragma once

#include <memory>
#include <string>

#include "base/options.h"
#include "cli/console.h"
#include "cli/stage_watch.h"
#include "store/store_file.h"
#include "store/upkeep.h"

namespace understudy {

struct OpenedStore {
  Options options;  // of the workspace
  std::unique_ptr<StoreFile> file;
};

// kNotFound while nothing was recorded.
Result<OpenedStore> OpenStoreFile(const std::string& workspace, StoreAccess access);

// Progress on standard error, and a stop by SIGINT or SIGTERM, while `watch` lives.
UpkeepHooks HooksOf(StageWatch& watch);

}  // namespace understudy
