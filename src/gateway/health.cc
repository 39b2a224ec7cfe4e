// /healthz: the process serves. /readyz: it can answer. /metrics: how it fares.
#include "base/json.h"
#include "gateway/handlers.h"

namespace understudy {
namespace {

HttpResponse Text(int status, std::string_view type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", type);
  response.headers.Add("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

}  // namespace

Task<void> Health(Visit& visit) {
  HttpResponse response = Text(200, "application/json", R"({"status":"ok"})");
  co_await visit.writer.Send(std::move(response));
}

// Ready as soon as one model is: the others have it as their fallback.
Task<void> Readiness(Visit& visit) {
  bool ready = false;
  json::object models;
  for (const auto& model : visit.serving.models->all()) {
    const ModelHealth health = model->health();
    ready = ready || health.state == ModelState::kReady;
    json::object entry{{"state", Name(health.state)}};
    if (!health.detail.empty()) entry["detail"] = health.detail;
    models[model->info().name] = std::move(entry);
  }
  const json::object body{{"status", ready ? "ready" : "not ready"}, {"models", std::move(models)}};
  HttpResponse response = Text(ready ? 200 : 503, "application/json", json::serialize(body));
  co_await visit.writer.Send(std::move(response));
}

Task<void> ShowMetrics(Visit& visit) {
  const Recorder* recorder = visit.services.recorder;
  std::string figures = visit.services.metrics.Render(
      recorder ? recorder->counts() : RecorderCounts{}, visit.services.running.load());
  visit.services.shadows.AppendMetrics(figures);
  HttpResponse response = Text(200, "text/plain; version=0.0.4; charset=utf-8", std::move(figures));
  co_await visit.writer.Send(std::move(response));
}

}  // namespace understudy
