#include <sys/stat.h>

#include "base/config.h"
#include "cli/doctor.h"
#include "cli/serve_file.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "net/server.h"
#include "seal/master_key.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

Finding CheckConfig(const std::string& workspace, std::optional<Options>& options) {
  const std::string path = ConfigPath(workspace).string();
  auto loaded = OpenWorkspace(workspace);
  if (!loaded) {
    const bool missing = loaded.error().kind == ErrorKind::kNotFound;
    return {"workspace", "config", Health::kFail, loaded.error().message,
            missing ? "understudy init " + workspace : "Mend " + path};
  }
  options = *std::move(loaded);
  return {"workspace", "config", Health::kOk, path, ""};
}

// Files that nobody else may read.
Finding CheckSecretFile(const std::string& name, const fs::path& path, unsigned right_mode) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return {"workspace", name, Health::kWarn, path.string() + " is not there",
            "It is made when the gateway starts."};
  }
  const unsigned mode = info.st_mode & 0777;
  if ((mode & 077) == 0) return {"workspace", name, Health::kOk, path.string(), ""};
  return {"workspace", name, Health::kFail,
          fmt::format("{} is open to others (mode {:04o})", path.string(), mode),
          fmt::format("chmod {:o} {}", right_mode, path.string())};
}

Finding CheckStore(const std::string& workspace) {
  const std::string path = StorePath(workspace).string();
  if (!Exists(path)) return {"workspace", "store", Health::kOk, "nothing recorded yet", ""};
  const auto store = OpenStore(workspace, true);
  if (!store) {
    return {"workspace", "store", Health::kFail, store.error().message, store.error().mend};
  }
  const auto stats = (*store)->Stats();
  if (!stats) {
    return {"workspace", "store", Health::kFail, stats.error().message, stats.error().mend};
  }
  return {"workspace", "store", Health::kOk,
          fmt::format("{} exchanges, {} on disk", HumanCount(stats->exchanges),
                      HumanBytes(stats->bytes_on_disk)),
          ""};
}

}  // namespace

Findings CheckWorkspace(const std::string& workspace, std::optional<Options>& options) {
  Findings found{CheckConfig(workspace, options)};
  if (!Exists(ConfigPath(workspace))) return found;
  found.push_back(CheckSecretFile("keys folder", fs::path(workspace) / "keys", 0700));
  found.push_back(CheckSecretFile("origin key", OriginKeyPath(workspace), 0600));
  if (options) {
    if (const auto file = MasterKeyFile(options->store.master_key, workspace)) {
      found.push_back(CheckSecretFile("master key", *file, 0600));
    }
  }
  found.push_back(CheckStore(workspace));
  return found;
}

Findings CheckNetwork(const Options& options) {
  const std::string& address = options.server.listen;
  if (const auto serving = FindServe(options.workspace)) {
    return {{"network", "server.listen", Health::kOk,
             fmt::format("served by process {} at {}", serving->pid, serving->url), ""}};
  }
  if (address.starts_with("unix:")) {
    return {{"network", "server.listen", Health::kOk, address, ""}};
  }
  boost::asio::io_context context(1);
  HttpServer server({&context}, {}, [](HttpRequest&, ResponseWriter&) -> Task<void> { co_return; });
  if (const Status bound = server.Listen(address); !bound) {
    return {{"network", "server.listen", Health::kFail, bound.error().message, bound.error().mend}};
  }
  return {{"network", "server.listen", Health::kOk, address + " is free", ""}};
}

}  // namespace understudy
