// /v1/models in OpenAI's shape: the configured models, and the aliases that choose among them.
#include "base/json.h"
#include "chat/error_body.h"
#include "gateway/handlers.h"

namespace understudy {
namespace {

json::object Describe(std::string_view id, std::string_view owner) {
  return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", owner}};
}

json::object Describe(const Model& model) {
  const ModelInfo& info = model.info();
  json::object entry = Describe(info.name, info.kind);
  json::object own{{"small", info.is_small},
                   {"zone", Name(info.zone)},
                   {"state", Name(model.health().state)},
                   {"embeddings", info.can_embed}};
  if (info.context_tokens > 0) own["context_tokens"] = info.context_tokens;
  entry["understudy"] = std::move(own);
  return entry;
}

json::array AllModels(const Serving& serving) {
  json::array all;
  all.push_back(Describe("understudy/auto", "understudy"));
  if (serving.models->local()) all.push_back(Describe("understudy/local", "understudy"));
  if (serving.models->reference()) all.push_back(Describe("understudy/reference", "understudy"));
  for (const TaskOptions& task : serving.options.routing.tasks) {
    all.push_back(Describe("understudy/task:" + task.name, "understudy"));
  }
  for (const auto& model : serving.models->all()) all.push_back(Describe(*model));
  return all;
}

Task<void> SendJson(Visit& visit, int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "application/json");
  response.body = std::move(body);
  co_await visit.writer.Send(std::move(response));
}

}  // namespace

Task<void> ListModels(Visit& visit) {
  const json::object list{{"object", "list"}, {"data", AllModels(visit.serving)}};
  co_await SendJson(visit, 200, json::serialize(list));
}

Task<void> ShowModel(Visit& visit) {
  const std::string_view wanted = visit.http.path().substr(std::string_view("/v1/models/").size());
  for (const json::value& model : AllModels(visit.serving)) {
    if (StringOr(model, "id") != wanted) continue;
    std::string body = json::serialize(model);
    co_await SendJson(visit, 200, std::move(body));
    co_return;
  }
  Error error = NotFound(fmt::format("the model {} does not exist here", wanted));
  error.code = "model_not_found";
  error.mend = "GET /v1/models lists those that do.";
  std::string body = ErrorBody(error);
  co_await SendJson(visit, 404, std::move(body));
}

}  // namespace understudy
