// POST /v1/understudy/feedback: what somebody says of an answer, into the exchange's record. By
// whoever made the call, which the exchange's id tells, or by a curator or an admin, which is
// logged.
#include "chat/feedback.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "access/audit_entry.h"
#include "base/json.h"
#include "gateway/handlers.h"
#include "gateway/store_desk.h"

namespace understudy {
namespace {

// An answer's record is committed a moment after its client has it: the store is asked again.
constexpr int kLooks = 10;
constexpr std::chrono::milliseconds kBetweenLooks{20};

Error NoSuchCall() {
  return NotFound("there is no exchange of yours with this id")
      .Mend(
          "The id is the answer's header x-understudy-id; a call that went unrecorded has no "
          "place for feedback.")
      .Param("id");
}

bool IsCurator(const Caller& caller) {
  return May(caller.role, Right::kMasked);
}

// Whoever calls without a key, where calls take none, cannot be told from others who do.
bool MayJudge(const Visit& visit, const std::string& id) {
  if (IsCurator(visit.caller) || !visit.caller.has_key()) return true;
  return IsCallOf(id, visit.serving.origin_key, visit.caller.name);
}

// On the desk's thread: it is there, has room for more, and the deed is logged where it must be.
Status CheckExchange(UsageStore& store, const Visit& visit, const Feedback& feedback) {
  auto exchange = store.Get(feedback.exchange);
  if (!exchange) {
    const bool missing = exchange.error().kind == ErrorKind::kNotFound;
    return Fail(missing ? NoSuchCall() : std::move(exchange).error());
  }
  if (exchange->extra.size() + feedback.corrected.size() > kMaxExchangeFeedback) {
    Error error = InvalidInput("this exchange has as much feedback as it can hold");
    error.kind = ErrorKind::kTooLarge;
    return Fail(std::move(error));
  }
  if (!IsCurator(visit.caller)) return {};
  return NoteDeed(visit.caller, visit.serving, audit_action::kFeedback, feedback.exchange, "",
                  visit.services.clock.WallMs());
}

Task<Status> FindExchange(Visit& visit, const Feedback& feedback) {
  if (!MayJudge(visit, feedback.exchange)) co_return Fail(NoSuchCall());
  const std::function<Status(UsageStore&)> work = [&](UsageStore& store) -> Status {
    return CheckExchange(store, visit, feedback);
  };
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (int look = 1;; ++look) {
    Status found = co_await visit.services.desk.Ask(work);
    if (found || found.error().kind != ErrorKind::kNotFound || look == kLooks) co_return found;
    timer.expires_after(kBetweenLooks);
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(kUseTask, ignored));
  }
}

Task<Status> Take(Visit& visit, std::string* id) {
  if (!visit.services.recorder) {
    co_return Fail(NotFound("nothing is recorded here, so feedback has no place")
                       .Mend("record.enabled = true in config.toml records."));
  }
  CO_TRY(const Feedback feedback, ParseFeedback(std::move(visit.http.body)));
  CO_TRY_VOID(co_await FindExchange(visit, feedback));
  Exchange supplement;
  supplement.id = feedback.exchange;
  supplement.is_supplement = true;
  supplement.at_ms = visit.services.clock.WallMs();
  supplement.extra = FeedbackExtra(feedback, Name(visit.caller.role), supplement.at_ms);
  *id = feedback.exchange;
  co_return co_await visit.services.recorder->Record(std::move(supplement));
}

}  // namespace

Task<void> TakeFeedback(Visit& visit) {
  std::string id;
  const Status taken = co_await Take(visit, &id);
  std::string body =
      json::serialize(json::object{{"object", "understudy.feedback"}, {"id", id}, {"taken", true}});
  co_await SendWhatCame(visit, taken, std::move(body));
}

}  // namespace understudy
