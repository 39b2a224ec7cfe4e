#include "gateway/routes.h"

#include <algorithm>
#include <array>

#include "chat/error_body.h"
#include "chat/messages_answer.h"
#include "gateway/handlers.h"

namespace understudy {
namespace {

constexpr auto kEndpoints = std::to_array<Endpoint>({
    {"POST", "/v1/chat/completions", ChatCompletions, Right::kCall},
    {"POST", "/v1/responses", Responses, Right::kCall},
    {"POST", "/v1/messages", Messages, Right::kCall},
    {"POST", "/v1/messages/count_tokens", CountTokens, Right::kCall},
    {"POST", "/v1/embeddings", Embeddings, Right::kCall},
    {"GET", "/v1/models", ListModels, Right::kAnyone},
    {"GET", "/v1/models/*", ShowModel, Right::kAnyone},
    {"POST", "/v1/understudy/feedback", TakeFeedback, Right::kFeedback},
    {"GET", "/v1/understudy/usage", ShowUsage, Right::kCounts},
    {"GET", "/v1/understudy/exchanges", ListExchanges, Right::kCounts},
    {"GET", "/v1/understudy/exchanges/*", ShowExchange, Right::kMasked},
    {"GET", "/v1/understudy/keys", ListKeys, Right::kEverything},
    {"GET", "/v1/understudy/audit", ListAudit, Right::kEverything},
    {"GET", "/healthz", Health, Right::kAnyone},
    {"GET", "/readyz", Readiness, Right::kAnyone},
    {"GET", "/metrics", ShowMetrics, Right::kAnyone},
});
static_assert(std::ranges::none_of(kEndpoints,
                                   [](const Endpoint& endpoint) {
                                     return endpoint.right == Right::kUnstated;
                                   }),
              "every path states the right that it takes");

// Those whose handler is a call's life, which authenticates itself so that it is counted and
// answered as any other; and those that say nothing of any call.
bool ChecksItself(Right right) {
  return right == Right::kCall || right == Right::kAnyone;
}

bool Matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return pattern == path;
  pattern.remove_suffix(1);
  return path.size() > pattern.size() && path.starts_with(pattern);
}

Task<void> Serve(Visit& visit, const Endpoint& endpoint) {
  if (ChecksItself(endpoint.right)) {
    co_await endpoint.handler(visit);
    co_return;
  }
  auto caller =
      Authorize(visit.http.headers, visit.serving, endpoint.right, visit.services.clock.WallMs());
  if (!caller) {
    co_await SendError(visit, caller.error());
    co_return;
  }
  visit.caller = *std::move(caller);
  co_await endpoint.handler(visit);
}

Task<void> Refuse(Visit& visit, int status, std::string_view allowed) {
  Error error = NotFound(status == 404 ? fmt::format("there is no {} here", visit.http.path())
                                       : fmt::format("{} takes {}, not {}", visit.http.path(),
                                                     allowed, visit.http.method));
  if (status == 404) error.mend = "Set your client's base URL to this gateway's address with /v1.";
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "application/json");
  if (!allowed.empty()) response.headers.Add("allow", allowed);
  const bool anthropics = visit.http.headers.Has("anthropic-version");
  response.body = anthropics ? MessagesError(error) : ErrorBody(error);
  co_await visit.writer.Send(std::move(response));
}

}  // namespace

std::span<const Endpoint> Endpoints() {
  return kEndpoints;
}

Task<void> Dispatch(Visit& visit) {
  std::string_view method = visit.http.method;
  if (method == "HEAD") method = "GET";
  std::string_view allowed;
  for (const Endpoint& endpoint : kEndpoints) {
    if (!Matches(endpoint.path, visit.http.path())) continue;
    if (endpoint.method == method) return Serve(visit, endpoint);
    allowed = endpoint.method;
  }
  return Refuse(visit, allowed.empty() ? 404 : 405, allowed);
}

}  // namespace understudy
