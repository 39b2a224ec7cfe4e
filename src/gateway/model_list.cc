// /v1/models: the configured models, and the aliases that choose among them. In OpenAI's shape, or
// in Anthropic's for a client that sends anthropic-version. Source: the API references of both,
// "List models".
#include "base/json.h"
#include "chat/error_body.h"
#include "chat/messages_answer.h"
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

bool WantsAnthropics(const Visit& visit) {
  return visit.http.headers.Has("anthropic-version");
}

json::object InAnthropicsShape(const json::value& model) {
  const std::string_view id = StringOr(model, "id");
  return {{"type", "model"},
          {"id", id},
          {"display_name", id},
          {"created_at", "1970-01-01T00:00:00Z"}};  // as OpenAI's `created` 0: nobody knows
}

json::object ListInAnthropicsShape(const json::array& models) {
  json::array data;
  for (const json::value& model : models) data.push_back(InAnthropicsShape(model));
  json::value first, last;
  if (!models.empty()) {
    first = models.front().at("id");
    last = models.back().at("id");
  }
  return {{"data", std::move(data)}, {"has_more", false}, {"first_id", first}, {"last_id", last}};
}

}  // namespace

Task<void> ListModels(Visit& visit) {
  json::array all = AllModels(visit.serving);
  json::object list;
  if (WantsAnthropics(visit)) {
    list = ListInAnthropicsShape(all);
  } else {
    list = {{"object", "list"}, {"data", std::move(all)}};
  }
  co_await SendJson(visit, 200, json::serialize(list));
}

Task<void> ShowModel(Visit& visit) {
  const std::string_view wanted = visit.http.path().substr(std::string_view("/v1/models/").size());
  for (const json::value& model : AllModels(visit.serving)) {
    if (StringOr(model, "id") != wanted) continue;
    std::string body =
        WantsAnthropics(visit) ? json::serialize(InAnthropicsShape(model)) : json::serialize(model);
    co_await SendJson(visit, 200, std::move(body));
    co_return;
  }
  Error error = NotFound(fmt::format("the model {} does not exist here", wanted));
  error.code = "model_not_found";
  error.mend = "GET /v1/models lists those that do.";
  std::string body = WantsAnthropics(visit) ? MessagesError(error) : ErrorBody(error);
  co_await SendJson(visit, 404, std::move(body));
}

}  // namespace understudy
