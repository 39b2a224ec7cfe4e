#include "gateway/routes.h"

#include <array>

#include "chat/error_body.h"
#include "chat/messages_answer.h"
#include "gateway/handlers.h"

namespace understudy {
namespace {

struct Endpoint {
  std::string_view method;
  std::string_view path;  // a trailing "/*" takes one more segment
  Task<void> (*handler)(Visit&);
};

constexpr std::array<Endpoint, 10> kEndpoints{{
    {"POST", "/v1/chat/completions", ChatCompletions},
    {"POST", "/v1/responses", Responses},
    {"POST", "/v1/messages", Messages},
    {"POST", "/v1/messages/count_tokens", CountTokens},
    {"POST", "/v1/embeddings", Embeddings},
    {"GET", "/v1/models", ListModels},
    {"GET", "/v1/models/*", ShowModel},
    {"GET", "/healthz", Health},
    {"GET", "/readyz", Readiness},
    {"GET", "/metrics", ShowMetrics},
}};

bool Matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return pattern == path;
  pattern.remove_suffix(1);
  return path.size() > pattern.size() && path.starts_with(pattern);
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

std::vector<std::string> ServedPaths() {
  std::vector<std::string> paths;
  for (const Endpoint& endpoint : kEndpoints) {
    paths.push_back(fmt::format("{} {}", endpoint.method, endpoint.path));
  }
  return paths;
}

Task<void> Dispatch(Visit& visit) {
  std::string_view method = visit.http.method;
  if (method == "HEAD") method = "GET";
  std::string_view allowed;
  for (const Endpoint& endpoint : kEndpoints) {
    if (!Matches(endpoint.path, visit.http.path())) continue;
    if (endpoint.method == method) {
      return endpoint.handler(visit);
    }
    allowed = endpoint.method;
  }
  return Refuse(visit, allowed.empty() ? 404 : 405, allowed);
}

}  // namespace understudy
