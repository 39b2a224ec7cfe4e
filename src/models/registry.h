// ModelSet: all models of a configuration, by name and by part.
//
// A set never changes once made, and is shared by const pointer: on a reload a new one takes its
// place while requests that began with the old one end with it. Models whose options, files and
// secrets are the same are kept across a reload, with their connections, circuits, counters and,
// for local ones, their running servers. So is a local model whose adapters alone changed: it is
// given the new ones (LocalModel::SetAdapters), also where the set as a whole then fails.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/runtime.h"
#include "models/model.h"

namespace understudy {

// All that a model was made from; equal specs make interchangeable models.
struct ModelSpec {
  ModelOptions options;  // secrets resolved: never to be shown
  LocalRuntimeOptions runtime;
  std::string workspace;
  int64_t request_timeout_s = 0;
  std::string files;          // device, inode, size and time of each file it names
  std::string adapter_files;  // likewise of its adapters
  bool operator==(const ModelSpec&) const = default;
};

class ModelSet {
 public:
  explicit ModelSet(Runtime& runtime) : runtime_(runtime) {}  // empty
  // On a serving thread this never waits: models slow to end then do so on threads of their own,
  // for which a set that ends elsewhere waits.
  ~ModelSet();
  ModelSet(const ModelSet&) = delete;
  ModelSet& operator=(const ModelSet&) = delete;

  // Builds every model of `options`, on any thread; may take seconds (a replay file's index).
  // `previous` (may be null) is where unchanged models are taken from. The runtime must outlive the
  // set. The error lists every problem, one a line, each with its key: "models[2].file: ...",
  // "routing.reference: ...".
  static Result<std::shared_ptr<ModelSet>> Make(const Options& options, Runtime& runtime,
                                                const ModelSet* previous);

  const std::vector<std::shared_ptr<Model>>& all() const { return models_; }  // as configured
  Model* Find(std::string_view name) const;                                   // null: none

  // Whose answers set the standard: routing.reference, else the first model that is not small.
  // Null where every model is small.
  Model* reference() const { return reference_; }
  // The SLM behind "understudy/local": routing.local, else the first of kind "local", else the
  // first that is small. Null where none is.
  Model* local() const { return local_; }
  // Who answers when `model` is down, slow or full: by routing.fallback, "auto": the reference for
  // others, the local model for the reference. Never `model` itself; null: nobody.
  Model* FallbackFor(const Model& model) const;

 private:
  struct Maker;

  Runtime& runtime_;
  std::vector<std::shared_ptr<Model>> models_;
  std::vector<ModelSpec> specs_;  // of the models
  Model* reference_ = nullptr;
  Model* local_ = nullptr;
  Model* fallback_ = nullptr;  // where routing.fallback names one
  bool has_fallback_ = true;
};

}  // namespace understudy
