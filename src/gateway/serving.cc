#include "gateway/serving.h"

#include <boost/asio/post.hpp>

#include "base/file.h"
#include "base/ids.h"
#include "base/listen.h"
#include "route/learned_router.h"

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

// Whoever can reach the port from elsewhere must have a key.
Result<ApiKeyRing> LoadKeys(const Options& options) {
  TRY(ApiKeyRing keys, ApiKeyRing::Load(options));
  if (keys.closed() || !ListensBeyondLoopback(options.server.listen)) return keys;
  return Fail(InvalidInput(fmt::format("\"{}\" is open beyond this machine and there is no API key "
                                       "of an agent or admin",
                                       options.server.listen))
                  .At("server.listen")
                  .Mend("Make one with understudy keys create, or listen on 127.0.0.1."));
}

}  // namespace

Result<std::shared_ptr<const Router>> MakeRouter(const Options& options,
                                                 const Deployments& deployments) {
  TRY(auto rules, RulesRouter::Make(options));
  if (!options.routing.learned || deployments.router.empty()) {
    return std::make_shared<const RulesRouter>(std::move(rules));
  }
  TRY(auto learned, LearnedRouter::Load(std::move(rules), deployments, options.workspace));
  return std::make_shared<const LearnedRouter>(std::move(learned));
}

Result<std::shared_ptr<const Serving>> Serving::Make(const Options& options, Runtime& runtime,
                                                     const Serving* previous,
                                                     const RouterMaker& make_router) {
  auto next = std::make_shared<Serving>();
  TRY(next->origin_key, LoadOriginKey(options.workspace));
  TRY(next->keys, LoadKeys(options));
  TRY(next->deployments, LoadDeployments(DeploymentsPath(options.workspace)));
  TRY(next->options, WithDeployments(options, next->deployments));
  TRY(next->router, make_router(next->options, next->deployments));
  TRY(next->models,
      ModelSet::Make(next->options, runtime, previous ? previous->models.get() : nullptr));
  return next;
}

Result<std::shared_ptr<const Serving>> Serving::WithKeysOfNow() const {
  auto next = std::make_shared<Serving>(*this);
  TRY(next->keys, LoadKeys(options));
  return next;
}

ServingBoard::ServingBoard(Runtime& runtime, std::shared_ptr<const Serving> first)
    : runtime_(runtime), per_thread_(runtime.size(), first) {}

void ServingBoard::Publish(std::shared_ptr<const Serving> next) {
  for (size_t i = 0; i < per_thread_.size(); ++i) {
    boost::asio::post(runtime_.context(i), [this, i, next] { per_thread_[i] = next; });
  }
}

}  // namespace understudy
