// What deployments.json adds to config.toml.
#include <algorithm>

#include <fmt/format.h>

#include "route/deployments.h"

namespace understudy {
namespace {

Error Mended(Error error) {
  return std::move(error).Mend("Mend it, or move the file away: without it nothing is deployed.");
}

ModelOptions* ModelNamed(Options& options, std::string_view name) {
  const auto found = std::ranges::find(options.models, name, &ModelOptions::name);
  return found == options.models.end() ? nullptr : &*found;
}

Status AddAdapter(ModelOptions& model, const Deployment& one, const std::string& workspace) {
  const auto place = [&](const std::string& path) {
    return (std::filesystem::path(workspace) / path).lexically_normal();
  };
  const auto known = std::ranges::find(model.adapters, one.adapter, &AdapterOptions::name);
  if (known == model.adapters.end()) {
    model.adapters.push_back({one.adapter, place(one.adapter_path).string()});
    return {};
  }
  if (place(known->path) == place(one.adapter_path)) return {};
  return Fail(InvalidInput(fmt::format("adapter {} of {} is {} in config.toml, and {} here",
                                       one.adapter, one.model, known->path, one.adapter_path)));
}

Status AddDeployment(Options& options, const Deployment& one) {
  ModelOptions* const model = ModelNamed(options, one.model);
  if (!model) {
    return Fail(
        InvalidInput(fmt::format("there is no model \"{}\", neither among the file's "
                                 "models nor in config.toml",
                                 one.model)));
  }
  if (model->kind != "local" && !one.adapter.empty()) {
    return Fail(
        InvalidInput(fmt::format("model {} is of kind {}, and only local ones take "
                                 "adapters",
                                 one.model, model->kind)));
  }
  if (model->kind != "local" && !model->small) {
    return Fail(
        InvalidInput(fmt::format("model {} is not small, so its answers would go out "
                                 "unverified",
                                 one.model)));
  }
  return one.adapter.empty() ? Status{} : AddAdapter(*model, one, options.workspace);
}

// understudy/task:ID asks for a task's deployment by name: for the live one, if there is one.
void AddTask(Options& options, const Deployment& one, const Deployments& all) {
  for (const auto stage : {DeploymentStage::kLive, DeploymentStage::kCanary}) {
    const Deployment* const better = all.Of(one.task, stage);
    if (better == &one) break;
    if (better) return;
  }
  auto& tasks = options.routing.tasks;
  if (std::ranges::find(tasks, one.task, &TaskOptions::name) != tasks.end()) return;
  tasks.push_back({.name = one.task, .model = one.model, .adapter = one.adapter});
}

}  // namespace

Result<Options> WithDeployments(Options options, const Deployments& deployments) {
  for (const DeployedModel& model : deployments.models) {
    if (ModelNamed(options, model.name)) continue;
    ModelOptions made;
    made.name = model.name;
    made.kind = "local";
    made.small = true;
    made.zone = "local";
    made.gguf = (std::filesystem::path(options.workspace) / model.gguf).lexically_normal();
    made.context = model.context;
    made.slots = model.slots;
    options.models.push_back(std::move(made));
  }
  for (size_t i = 0; i < deployments.deployments.size(); ++i) {
    const Deployment& one = deployments.deployments[i];
    if (one.stage == DeploymentStage::kRetired) continue;
    if (auto added = AddDeployment(options, one); !added) {
      return Fail(Mended(std::move(added).error().At(
          fmt::format("{}: deployments[{}]", DeploymentsPath(options.workspace).string(), i))));
    }
    AddTask(options, one, deployments);
  }
  return options;
}

}  // namespace understudy
