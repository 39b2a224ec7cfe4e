#include "cli/store_flags.h"

#include "cli/workspace.h"

namespace understudy {

Result<OpenedStore> OpenStoreFile(const std::string& workspace, StoreAccess access) {
  OpenedStore opened;
  TRY(opened.options, OpenWorkspace(workspace));
  const auto path = StorePath(opened.options.workspace);
  if (!Exists(path)) {
    return Fail(NotFound("nothing has been recorded yet")
                    .At(path.string())
                    .Mend("Send calls through understudy serve, or use understudy import."));
  }
  TRY(opened.file, StoreFile::Open(path, opened.options.store, access));
  return opened;
}

UpkeepHooks HooksOf(StageWatch& watch) {
  StageHooks hooks = watch.Hooks();
  return {.progress = std::move(hooks.progress), .stop = std::move(hooks.stop)};
}

}  // namespace understudy
