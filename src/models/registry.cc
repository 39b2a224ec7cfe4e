#include "models/registry.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/config.h"
#include "base/log.h"
#include "models/local_model.h"
#include "models/openai_model.h"
#include "models/replay_model.h"
#include "models/retire.h"

namespace understudy {
namespace {

// What tells a file from the one that may take its place. A missing file has none: making the
// model says so.
std::string Stamp(const std::string& workspace, const std::string& file) {
  struct stat info{};
  if (file.empty() || ::stat((std::filesystem::path(workspace) / file).c_str(), &info) != 0) {
    return ";";
  }
  return fmt::format("{}.{}.{}.{}.{};", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

std::string Stamps(const std::string& workspace, const ModelOptions& options) {
  std::string all = Stamp(workspace, options.file) + Stamp(workspace, options.gguf) +
                    Stamp(workspace, options.ca_file);
  return all;
}

std::string AdapterStamps(const std::string& workspace, const ModelOptions& options) {
  std::string all;
  for (const auto& adapter : options.adapters) all += Stamp(workspace, adapter.path);
  return all;
}

// "env:NAME" in the key and in header values, resolved.
Status ResolveSecrets(ModelOptions& options) {
  TRY(options.api_key, ResolveSecret("api_key", options.api_key));
  for (size_t i = 0; i < options.headers.size(); ++i) {
    std::string& line = options.headers[i];
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;  // refused, with its place, when it is used
    const size_t value = line.find_first_not_of(" \t", colon + 1);
    if (value == std::string::npos) continue;
    TRY(const std::string secret,
        ResolveSecret(fmt::format("headers[{}]", i), std::string_view(line).substr(value)));
    line = line.substr(0, value) + secret;
  }
  return {};
}

Result<std::shared_ptr<Model>> MakeModel(const ModelSpec& spec, Runtime& runtime) {
  const ModelOptions& options = spec.options;
  if (options.kind == "openai") {
    return OpenAiModel::Make(options, runtime, std::chrono::seconds(spec.request_timeout_s));
  }
  if (options.kind == "replay") return ReplayModel::Make(options, spec.workspace);
  if (options.kind == "local") {
    TRY(auto local, LocalModel::Make(options, spec.runtime, spec.workspace, runtime));
    return RetireElsewhere(std::move(local), runtime);
  }
  return Fail(InvalidInput(fmt::format("there is no kind \"{}\"", options.kind))
                  .At("kind")
                  .Mend("Use \"openai\", \"replay\" or \"local\""));
}

}  // namespace

// Fills a set step by step and gathers the problems.
struct ModelSet::Maker {
  const Options& options;
  Runtime& runtime;
  const ModelSet* previous;
  ModelSet& set;
  std::string problems{};

  void Report(std::string_view key, const Error& error) {
    if (!problems.empty()) problems += '\n';
    const bool has_place = !error.where.empty() && error.where != key;
    problems += fmt::format("{}{}{}: {}", key, has_place ? "." : "", has_place ? error.where : "",
                            error.message);
    if (!error.mend.empty()) problems += ". " + error.mend;
  }

  void AddModel(size_t i) {
    const std::string key = fmt::format("models[{}]", i);
    const ModelOptions& wanted = options.models[i];
    if (set.Find(wanted.name)) {
      return Report(key,
                    InvalidInput(fmt::format("another model is named \"{}\" already", wanted.name))
                        .At("name"));
    }
    ModelSpec spec{wanted,
                   options.runtime,
                   options.workspace,
                   options.server.request_timeout_s,
                   Stamps(options.workspace, wanted),
                   AdapterStamps(options.workspace, wanted)};
    if (auto resolved = ResolveSecrets(spec.options); !resolved) {
      return Report(key, resolved.error());
    }
    std::shared_ptr<Model> model = FromPrevious(spec);
    if (!model) {
      auto switched = WithOtherAdapters(spec);
      if (!switched) return Report(key, switched.error());
      model = *std::move(switched);
    }
    if (!model) {
      auto made = MakeModel(spec, runtime);
      if (!made) return Report(key, made.error());
      model = *std::move(made);
    }
    set.models_.push_back(std::move(model));
    set.specs_.push_back(std::move(spec));
  }

  std::shared_ptr<Model> FromPrevious(const ModelSpec& spec) const {
    for (size_t i = 0; previous && i < previous->specs_.size(); ++i) {
      if (previous->specs_[i] == spec) return previous->models_[i];
    }
    return nullptr;
  }

  // The previous local model that differs in its adapters alone, switched over to them; null where
  // there is none. Calls that run were perhaps decided with the old list: what it has and the new
  // one lacks stays until the next switch.
  Result<std::shared_ptr<Model>> WithOtherAdapters(const ModelSpec& spec) const {
    const auto has_same_base = [&spec](ModelSpec other) {
      other.options.adapters = spec.options.adapters;
      other.adapter_files = spec.adapter_files;
      return other == spec;
    };
    for (size_t i = 0; previous && i < previous->specs_.size(); ++i) {
      const ModelSpec& before = previous->specs_[i];
      auto* const local = dynamic_cast<class LocalModel*>(previous->models_[i].get());
      if (!local || !has_same_base(before)) continue;
      std::vector<AdapterOptions> adapters = spec.options.adapters;
      for (const AdapterOptions& old : before.options.adapters) {
        const bool is_there =
            std::ranges::find(adapters, old.name, &AdapterOptions::name) != adapters.end();
        std::error_code ignored;
        if (!is_there && std::filesystem::exists(Place(spec, old.path), ignored)) {
          adapters.push_back(old);
        }
      }
      for (AdapterOptions& adapter : adapters) adapter.path = Place(spec, adapter.path);
      TRY_VOID(local->SetAdapters(adapters, LocalModel::OldServer::kLeave));
      return previous->models_[i];
    }
    return nullptr;
  }

  static std::string Place(const ModelSpec& spec, const std::string& path) {
    return std::filesystem::path(spec.workspace) / path;
  }

  // The model that `key` names; null with a problem reported where there is none.
  Model* Named(std::string_view key, std::string_view name) {
    if (Model* model = set.Find(name)) return model;
    std::vector<std::string> known;
    for (const auto& model : options.models) known.push_back(model.name);
    // A model that could not be made has had its own line.
    if (std::ranges::find(known, name) != known.end()) return nullptr;
    const std::string near = NearestName(name, known);
    Report(key, InvalidInput(fmt::format("no model is named \"{}\"{}", name,
                                         near.empty() ? "" : "; did you mean \"" + near + "\"?")));
    return nullptr;
  }

  template <class Wanted>
  Model* First(Wanted wanted) const {
    for (const auto& model : set.models_) {
      if (wanted(model->info())) return model.get();
    }
    return nullptr;
  }

  void FindParts() {
    const RoutingOptions& routing = options.routing;
    set.reference_ = routing.reference.empty()
                         ? First([](const ModelInfo& info) { return !info.is_small; })
                         : Named("routing.reference", routing.reference);
    if (!routing.local.empty()) {
      set.local_ = Named("routing.local", routing.local);
    } else {
      set.local_ = First([](const ModelInfo& info) { return info.kind == "local"; });
      if (!set.local_) set.local_ = First([](const ModelInfo& info) { return info.is_small; });
    }
    set.has_fallback_ = routing.fallback != "none";
    if (set.has_fallback_ && routing.fallback != "auto" && !routing.fallback.empty()) {
      set.fallback_ = Named("routing.fallback", routing.fallback);
    }
  }

  void CheckRoutes() {
    const RoutingOptions& routing = options.routing;
    for (size_t i = 0; i < routing.rules.size(); ++i) {
      const std::string& to = routing.rules[i].to;
      if (to == "local" || to == "reference" || to.starts_with("task:")) continue;
      Named(fmt::format("routing.rules[{}].to", i), to);
    }
    for (size_t i = 0; i < routing.tasks.size(); ++i) {
      Named(fmt::format("routing.tasks[{}].model", i), routing.tasks[i].model);
    }
  }
};

Result<std::shared_ptr<ModelSet>> ModelSet::Make(const Options& options, Runtime& runtime,
                                                 const ModelSet* previous) {
  auto set = std::make_shared<ModelSet>(runtime);
  Maker maker{options, runtime, previous, *set};
  for (size_t i = 0; i < options.models.size(); ++i) maker.AddModel(i);
  maker.FindParts();
  maker.CheckRoutes();
  if (!maker.problems.empty()) return Fail(InvalidInput(std::move(maker.problems)));
  if (previous) {
    const auto kept = std::ranges::count_if(set->models_, [&](const auto& model) {
      return previous->Find(model->info().name) == model.get();
    });
    LOG_INFO("models: {} kept, {} made anew", kept,
             set->models_.size() - static_cast<size_t>(kept));
  }
  return set;
}

ModelSet::~ModelSet() {
  models_.clear();
  // The last set ends outside the serving, before the runtime: nothing may be left behind then.
  if (!OnServingThread(runtime_)) WaitForRetired();
}

Model* ModelSet::Find(std::string_view name) const {
  for (const auto& model : models_) {
    if (model->info().name == name) return model.get();
  }
  return nullptr;
}

Model* ModelSet::FallbackFor(const Model& model) const {
  if (!has_fallback_) return nullptr;
  Model* other = fallback_;
  if (!other) other = &model == reference_ ? local_ : reference_;
  return other == &model ? nullptr : other;
}

}  // namespace understudy
