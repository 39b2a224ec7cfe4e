// Serving: what requests are served with - options, models, router, keys. Immutable; a reload
// makes a new one, and requests that run keep theirs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/api_key_ring.h"
#include "base/options.h"
#include "base/runtime.h"
#include "models/registry.h"
#include "route/deployments.h"
#include "route/rules.h"

namespace understudy {

using RouterMaker = std::function<Result<std::shared_ptr<const Router>>(
    const Options& options, const Deployments& deployed)>;
// The router that they ask for: by rules, and where deployments.json names a router, learned.
Result<std::shared_ptr<const Router>> MakeRouter(const Options& options,
                                                 const Deployments& deployments);

struct Serving : std::enable_shared_from_this<Serving> {
  Options options;  // with the models and adapters of the deployments
  Deployments deployments;
  std::shared_ptr<const ModelSet> models;
  std::shared_ptr<const Router> router;
  ApiKeyRing keys;         // of the config and of keys/api-keys.json
  std::string origin_key;  // 32 bytes; see KeyedHash

  // Reads the workspace's deployments.json too. `previous` may be null; models whose options did
  // not change are taken over from it. A local model of which only the adapters changed is taken
  // over as well: it starts a second server with them and switches over, which takes as long as the
  // server's start, and keeps those that `previous` may still ask for. Not on a serving thread.
  static Result<std::shared_ptr<const Serving>> Make(const Options& options, Runtime& runtime,
                                                     const Serving* previous,
                                                     const RouterMaker& make_router = MakeRouter);
  // This one with the keys as they are now, and everything else as it is.
  Result<std::shared_ptr<const Serving>> WithKeysOfNow() const;
};

// The current Serving, one pointer a serving thread: reading it takes no lock.
class ServingBoard {
 public:
  ServingBoard(Runtime& runtime, std::shared_ptr<const Serving> first);

  // On a serving thread.
  const std::shared_ptr<const Serving>& Current() const { return per_thread_[ThreadIndex()]; }
  // From any thread; each serving thread changes over between two requests.
  void Publish(std::shared_ptr<const Serving> next);

 private:
  Runtime& runtime_;
  std::vector<std::shared_ptr<const Serving>> per_thread_;
};

}  // namespace understudy
