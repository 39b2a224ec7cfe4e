// For admins. /v1/understudy/keys: names and roles, never a key or its hash. /v1/understudy/audit:
// the newest lines of the log.
#include "access/audit_verify.h"
#include "base/json.h"
#include "gateway/handlers.h"
#include "gateway/query.h"
#include "gateway/store_desk.h"

namespace understudy {
namespace {

json::value MomentOrNull(int64_t ms) {
  return ms > 0 ? json::value(FormatWallMs(ms)) : json::value(nullptr);
}

json::object Describe(const ApiKey& key, int64_t now_ms) {
  return {{"id", key.id},
          {"name", key.name},
          {"role", Name(key.role)},
          {"source", key.id.empty() ? "config.toml" : "api-keys.json"},
          {"valid", key.ValidAt(now_ms)},
          {"created", MomentOrNull(key.created_ms)},
          {"expires", MomentOrNull(key.expires_ms)},
          {"revoked", MomentOrNull(key.revoked_ms)}};
}

std::string ListOf(json::array data) {
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace

Task<void> ListKeys(Visit& visit) {
  json::array data;
  for (const ApiKey& key : visit.serving.keys.keys()) {
    data.push_back(Describe(key, visit.services.clock.WallMs()));
  }
  std::string body = ListOf(std::move(data));
  co_await SendJson(visit, 200, std::move(body));
}

Task<void> ListAudit(Visit& visit) {
  const auto filter = FilterFromQuery(visit.http.query());
  if (!filter) {
    co_await SendError(visit, filter.error());
    co_return;
  }
  const auto limit = static_cast<size_t>(filter->limit > 0 ? filter->limit : kDefaultListLimit);
  std::string body;
  const std::function<Status()> work = [&]() -> Status {
    TRY(const auto entries, ReadAudit(visit.serving.options.workspace, limit));
    json::array data;
    for (const AuditEntry& entry : entries) data.push_back(ToJson(entry));
    body = ListOf(std::move(data));
    return {};
  };
  const Status read = co_await visit.services.desk.Do(work);
  co_await SendWhatCame(visit, read, std::move(body));
}

}  // namespace understudy
