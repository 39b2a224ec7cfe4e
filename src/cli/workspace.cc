#include "cli/workspace.h"

#include "base/config.h"
#include "base/file.h"
#include "cli/exit_code.h"

namespace understudy {

std::filesystem::path ConfigPath(const std::filesystem::path& workspace) {
  return workspace / "config.toml";
}
std::filesystem::path StorePath(const std::filesystem::path& workspace) {
  return workspace / "store.db";
}
std::filesystem::path OriginKeyPath(const std::filesystem::path& workspace) {
  return workspace / "keys" / "origin.key";
}

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<std::filesystem::path> LocateWorkspace(const std::string& from_flag) {
  const auto folder = FindWorkspace(from_flag);
  if (Exists(ConfigPath(folder))) return folder;
  return Fail(NotFound("there is no workspace here")
                  .At(ConfigPath(folder).string())
                  .Mend("Make one with: understudy init " + folder.string()));
}

Result<Options> ReadConfig(const std::filesystem::path& workspace) {
  auto options = LoadConfig(workspace);
  if (!options) return Fail(AsConfigError(std::move(options).error()));
  return options;
}

Result<Options> OpenWorkspace(const std::string& from_flag) {
  TRY(const auto folder, LocateWorkspace(from_flag));
  return ReadConfig(folder);
}

Status ReplaceConfig(const std::filesystem::path& workspace, const std::string& toml) {
  auto checked = ParseConfig(toml, "config.toml", workspace);
  if (!checked) return Fail(AsConfigError(std::move(checked).error()));
  std::error_code missing;
  std::filesystem::path path = std::filesystem::canonical(ConfigPath(workspace), missing);
  if (missing) path = ConfigPath(workspace);  // a new one
  const auto status = std::filesystem::status(path, missing);
  const unsigned mode = missing ? 0600 : static_cast<unsigned>(status.permissions()) & 0777;
  return WriteFileAtomically(path, toml, mode);
}

Result<std::unique_ptr<UsageStore>> OpenStore(const std::filesystem::path& workspace,
                                              bool must_exist) {
  if (must_exist && !Exists(StorePath(workspace))) {
    return Fail(NotFound("nothing has been recorded yet")
                    .At(StorePath(workspace).string())
                    .Mend("Send calls through understudy serve, or use understudy import."));
  }
  TRY(const Options options, ReadConfig(workspace));
  return OpenSqliteStore(StorePath(workspace), options.store);
}

}  // namespace understudy
