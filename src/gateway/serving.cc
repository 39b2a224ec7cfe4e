#include "gateway/serving.h"

#include <boost/asio/post.hpp>

#include "base/file.h"
#include "base/ids.h"

namespace understudy {
namespace {

constexpr size_t kOriginKeyBytes = 32;

// Made by `understudy init`; made here where the workspace came without one.
Result<std::string> LoadOriginKey(const std::filesystem::path& workspace) {
  const auto path = workspace / "keys" / "origin.key";
  if (std::filesystem::exists(path)) {
    TRY(auto key, ReadFile(path, 4096));
    if (key.size() == kOriginKeyBytes) return key;
    return Fail(
        IoError(fmt::format("{} has {} bytes, not {}", path.string(), key.size(), kOriginKeyBytes))
            .Mend("Restore it from a backup, or move it away to start with a new one: "
                  "origins recorded before will not match those recorded after."));
  }
  TRY_VOID(MakeFolders(path.parent_path(), 0700));
  std::string key = RandomBytes(kOriginKeyBytes);
  TRY_VOID(WriteFileAtomically(path, key, 0600));
  return key;
}

std::unordered_map<std::string, std::string> KeyNames(const AuthOptions& auth) {
  std::unordered_map<std::string, std::string> names;
  for (const std::string& entry : auth.api_keys) {
    const size_t colon = entry.find(':');
    if (colon != std::string::npos) names[entry.substr(colon + 1)] = entry.substr(0, colon);
  }
  return names;
}

}  // namespace

Result<std::shared_ptr<const Serving>> Serving::Make(const Options& options, Runtime& runtime,
                                                     const Serving* previous) {
  TRY(auto origin_key, LoadOriginKey(options.workspace));
  TRY(auto router, RulesRouter::Make(options));
  TRY(auto models, ModelSet::Make(options, runtime, previous ? previous->models.get() : nullptr));
  return std::make_shared<const Serving>(Serving{options, std::move(models), std::move(router),
                                                 KeyNames(options.auth), std::move(origin_key)});
}

ServingBoard::ServingBoard(Runtime& runtime, std::shared_ptr<const Serving> first)
    : runtime_(runtime), per_thread_(runtime.size(), first) {}

void ServingBoard::Publish(std::shared_ptr<const Serving> next) {
  for (size_t i = 0; i < per_thread_.size(); ++i) {
    boost::asio::post(runtime_.context(i), [this, i, next] { per_thread_[i] = next; });
  }
}

}  // namespace understudy
