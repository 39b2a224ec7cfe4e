// Serving: what requests are served with - options, models, router, keys. Immutable; a reload
// makes a new one, and requests that run keep theirs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/options.h"
#include "base/runtime.h"
#include "models/registry.h"
#include "route/rules.h"

namespace understudy {

struct Serving {
  Options options;
  std::shared_ptr<const ModelSet> models;
  RulesRouter router;
  std::unordered_map<std::string, std::string> key_names;  // SHA-256 hex of an API key -> its name
  std::string origin_key;                                  // 32 bytes; see KeyedHash

  // `previous` may be null; models whose options did not change are taken over from it.
  static Result<std::shared_ptr<const Serving>> Make(const Options& options, Runtime& runtime,
                                                     const Serving* previous);
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
