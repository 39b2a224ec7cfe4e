// The workspace as the commands see it: where its files are, and opening it with clear errors.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/options.h"
#include "base/result.h"
#include "store/usage_store.h"

namespace understudy {

std::filesystem::path ConfigPath(const std::filesystem::path& workspace);
std::filesystem::path StorePath(const std::filesystem::path& workspace);
std::filesystem::path OriginKeyPath(const std::filesystem::path& workspace);

// Whether there is something of that name that we may see.
bool Exists(const std::filesystem::path& path);

// The folder that --workspace, the environment or the defaults lead to. kNotFound where there is
// no config.toml in it.
Result<std::filesystem::path> LocateWorkspace(const std::string& from_flag);

// Reads and checks its config. What is wrong there ends the program with ExitCode::kConfig.
Result<Options> OpenWorkspace(const std::string& from_flag);

// The same where the folder is known.
Result<Options> ReadConfig(const std::filesystem::path& workspace);

// Writes a new config.toml, whole or not at all, once it has passed every check. Its mode stays.
Status ReplaceConfig(const std::filesystem::path& workspace, const std::string& toml);

// Its usage store. With `must_exist`, kNotFound while nothing was ever recorded or imported.
Result<std::unique_ptr<UsageStore>> OpenStore(const std::filesystem::path& workspace,
                                              bool must_exist);

}  // namespace understudy
