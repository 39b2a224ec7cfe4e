// /v1/embeddings: the body goes to an embedding model as it came, and so does its answer. A model
// asked for by name is never replaced by another: vectors of two models do not mix.
#include "base/ids.h"
#include "base/json.h"
#include "chat/chat_wire.h"
#include "gateway/admission.h"
#include "gateway/handlers.h"
#include "gateway/life.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

Error NoSuchModel(std::string message) {
  return NotFound(std::move(message))
      .Mend("Name one that does; GET /v1/models lists them.")
      .Code("model_not_found")
      .Param("model");
}

Model* ByUpstreamName(const ModelSet& models, std::string_view asked) {
  for (const auto& model : models.all()) {
    if (model->info().can_embed && model->info().upstream_model == asked) return model.get();
  }
  return nullptr;
}

// A name that is none of ours goes to the reference as it is: it knows its own embedding models.
Result<Model*> EmbeddingModel(const ModelSet& models, std::string_view asked) {
  if (asked.empty()) return Fail(InvalidInput("the request names no model").Param("model"));
  Model* model = models.Find(asked);
  if (!model && asked == "understudy/local") model = models.local();
  if (!model) model = ByUpstreamName(models, asked);
  if (!model) model = models.reference();
  if (!model) return Fail(NoSuchModel(fmt::format("no model here makes embeddings as {}", asked)));
  if (!model->info().can_embed) {
    return Fail(NoSuchModel(fmt::format("the model {} makes no embeddings", model->info().name)));
  }
  return model;
}

Task<Status> Embed(Call& call) {
  CO_TRY_VOID(Authenticate(call));
  CO_TRY(const json::value body, ParseJson(call.http.body));
  if (!Find(body, "input")) {
    co_return Fail(InvalidInput("the request has no input to embed").Param("input"));
  }
  CO_TRY(Model * model, EmbeddingModel(*call.serving.models, StringOr(body, "model")));
  AnswerRecord& record = call.exchange.answers.emplace_back();
  record.kind = model->info().is_small ? AnswerKind::kSlm : AnswerKind::kReference;
  record.model = model->info().name;
  call.decision.chosen = record.model;
  call.decision.reason = "embeddings";
  call.attempt_began = call.services.clock.Now();
  CO_TRY(call.answer.body,
         co_await model->Embed(call.http.body, call.authorization, call.cancellation));
  if (auto answer = ParseJson(call.answer.body)) {
    if (const json::value* usage = Find(*answer, "usage")) {
      call.answer.usage.prompt_tokens = IntOr(*usage, "prompt_tokens", 0);
      call.answer.usage.known = true;
    }
  }
  SettleAttempt(call);
  co_return Status{};
}

}  // namespace

Task<void> Embeddings(Visit& visit) {
  ChatWire wire;  // an error has the same shape
  Call call(visit.http, visit.writer, visit.serving, visit.services, wire);
  call.exchange.at_ms = visit.services.clock.WallMs();
  call.exchange.id = NewId("ex_", call.exchange.at_ms);
  call.exchange.endpoint = "/v1/embeddings";
  const Admission admission(call);
  Status status;
  if (admission.refused()) {
    status = Fail(*admission.refused());
  } else {
    status = co_await Embed(call);
  }
  Settle(call, status);
  co_await Finish(call, status);
}

}  // namespace understudy
