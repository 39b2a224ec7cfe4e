// /v1/understudy/exchanges/ID: one exchange whole, as a line of exchange JSONL: to a curator with
// personal data masked, to an admin as recorded. Logged before it is shown.
#include "access/audit_entry.h"
#include "chat/exchange_json.h"
#include "gateway/handlers.h"
#include "gateway/store_desk.h"
#include "privacy/masker.h"

namespace understudy {
namespace {

constexpr std::string_view kBefore = "/v1/understudy/exchanges/";

// On the desk's thread.
Result<std::string> ReadWhole(UsageStore& store, const Visit& visit, std::string_view id) {
  auto exchange = store.Get(id);
  if (!exchange && exchange.error().kind == ErrorKind::kNotFound) {
    return Fail(NotFound("there is no such exchange")
                    .Mend("GET /v1/understudy/exchanges lists those that are there."));
  }
  if (!exchange) return Fail(std::move(exchange).error());
  const bool masked = !May(visit.caller.role, Right::kEverything);
  TRY_VOID(NoteDeed(visit.caller, visit.serving, audit_action::kReadBody, id,
                    masked ? "masked" : "as recorded", visit.services.clock.WallMs()));
  if (masked) Masker{MaskKey(visit.serving.origin_key)}.Mask(*exchange);
  return FormatExchangeLine(*exchange);
}

}  // namespace

Task<void> ShowExchange(Visit& visit) {
  const std::string id(visit.http.path().substr(kBefore.size()));
  std::string body;
  const std::function<Status(UsageStore&)> work = [&](UsageStore& store) -> Status {
    TRY(body, ReadWhole(store, visit, id));
    return {};
  };
  const Status read = co_await visit.services.desk.Ask(work);
  co_await SendWhatCame(visit, read, std::move(body));
}

}  // namespace understudy
