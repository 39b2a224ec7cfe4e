// /v1/understudy/usage: what was called and what it cost. /v1/understudy/exchanges: the calls, one
// by one. For viewers: counts and names, never a text of a call - no body, no error, no verdict's
// detail, and sessions only as keyed hashes, for clients name them as they like.
#include <map>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "gateway/handlers.h"
#include "gateway/query.h"
#include "gateway/store_desk.h"
#include "privacy/masker.h"
#include "store/session_name.h"

namespace understudy {
namespace {

struct Sum {
  int64_t calls = 0, prompt_tokens = 0, completion_tokens = 0, cached_tokens = 0;
  double cost_usd = 0;

  void Add(const AnswerRecord& answer) {
    prompt_tokens += answer.usage.prompt_tokens;
    completion_tokens += answer.usage.completion_tokens;
    cached_tokens += answer.usage.cached_tokens;
    cost_usd += answer.cost_usd;
  }
  json::object Json() const {
    return {{"calls", calls},
            {"prompt_tokens", prompt_tokens},
            {"completion_tokens", completion_tokens},
            {"cached_tokens", cached_tokens},
            {"cost_usd", cost_usd}};
  }
};

// Calls, with all their answers, by what they share; of a model, the answers that it gave.
struct UsageSums {
  Sum total;
  std::map<std::string, Sum> agents, models, tasks, outcomes;

  void Add(const Exchange& exchange) {
    const std::string task = exchange.decision ? exchange.decision->task : std::string();
    for (Sum* sum : {&total, &agents[exchange.agent], &tasks[task],
                     &outcomes[std::string(Name(exchange.outcome))]}) {
      ++sum->calls;
      for (const AnswerRecord& answer : exchange.answers) sum->Add(answer);
    }
    for (const AnswerRecord& answer : exchange.answers) {
      Sum& sum = models[answer.model];
      ++sum.calls;
      sum.Add(answer);
    }
  }
};

// Names that clients chose, without personal data in them.
std::string Shown(std::string name, const Masker& masker) {
  masker.Mask(name);
  return name;
}

json::array ByName(const std::map<std::string, Sum>& sums, const Masker& masker) {
  json::array rows;
  for (const auto& [name, sum] : sums) {
    json::object row{{"name", Shown(name, masker)}};
    for (const auto& member : sum.Json()) row.insert(member);
    rows.push_back(std::move(row));
  }
  return rows;
}

json::value MomentOrNull(const std::optional<int64_t>& ms) {
  return ms ? json::value(FormatWallMs(*ms)) : json::value(nullptr);
}

json::object UsageJson(const UsageSums& sums, const ExchangeFilter& filter, const Masker& masker) {
  return {{"object", "understudy.usage"},
          {"since", MomentOrNull(filter.since_ms)},
          {"until", MomentOrNull(filter.until_ms)},
          {"total", sums.total.Json()},
          {"by_agent", ByName(sums.agents, masker)},
          {"by_model", ByName(sums.models, masker)},
          {"by_task", ByName(sums.tasks, masker)},
          {"by_outcome", ByName(sums.outcomes, masker)}};
}

json::object AnswerFacts(const AnswerRecord& answer) {
  return {{"kind", Name(answer.kind)},
          {"model", answer.model},
          {"deployment", answer.deployment},
          {"served", answer.served},
          {"verdict", Name(answer.verdict.kind)},
          {"prompt_tokens", answer.usage.prompt_tokens},
          {"completion_tokens", answer.usage.completion_tokens},
          {"cached_tokens", answer.usage.cached_tokens},
          {"cost_usd", answer.cost_usd},
          {"retries", answer.retries},
          {"queue_us", answer.timings.queue_us},
          {"first_token_us", answer.timings.first_token_us},
          {"total_us", answer.timings.total_us}};
}

// An imported one may be a name.
std::string ShownSession(const Serving& serving, const std::string& session) {
  return IsSessionHash(session) ? session : KeyedHash(serving.origin_key, session);
}

json::object Facts(const Exchange& exchange, const Serving& serving, const Masker& masker) {
  json::array answers;
  for (const AnswerRecord& answer : exchange.answers) answers.push_back(AnswerFacts(answer));
  json::object facts{{"id", Shown(exchange.id, masker)},
                     {"at", FormatWallMs(exchange.at_ms)},
                     {"session", ShownSession(serving, exchange.session)},
                     {"agent", Shown(exchange.agent, masker)},
                     {"endpoint", Shown(exchange.endpoint, masker)},
                     {"outcome", Name(exchange.outcome)},
                     {"streamed", exchange.streamed},
                     {"total_us", exchange.total_us},
                     {"answers", std::move(answers)}};
  if (exchange.decision) {
    facts["route"] = Name(exchange.decision->route);
    facts["task"] = Shown(exchange.decision->task, masker);
  }
  return facts;
}

}  // namespace

Task<void> ShowUsage(Visit& visit) {
  auto filter = FilterFromQuery(visit.http.query());
  if (!filter) {
    co_await SendError(visit, filter.error());
    co_return;
  }
  const Masker masker{MaskKey(visit.serving.origin_key)};
  std::string body;
  const std::function<Status(UsageStore&)> work = [&](UsageStore& store) -> Status {
    TRY(filter->session, SessionAsKept(store, visit.serving.origin_key, filter->session));
    UsageSums sums;
    TRY_VOID(ScanWithin(store, *filter, [&sums](const Exchange& one) { sums.Add(one); }));
    body = json::serialize(UsageJson(sums, *filter, masker));
    return {};
  };
  const Status read = co_await visit.services.desk.Ask(work);
  co_await SendWhatCame(visit, read, std::move(body));
}

Task<void> ListExchanges(Visit& visit) {
  auto filter = FilterFromQuery(visit.http.query());
  if (!filter) {
    co_await SendError(visit, filter.error());
    co_return;
  }
  if (filter->limit == 0) filter->limit = kDefaultListLimit;
  filter->newest_first = true;
  const Masker masker{MaskKey(visit.serving.origin_key)};
  std::string body;
  const std::function<Status(UsageStore&)> work = [&](UsageStore& store) -> Status {
    TRY(filter->session, SessionAsKept(store, visit.serving.origin_key, filter->session));
    json::array list;
    TRY_VOID(ScanWithin(store, *filter, [&](const Exchange& one) {
      list.push_back(Facts(one, visit.serving, masker));
    }));
    body = json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
    return {};
  };
  const Status read = co_await visit.services.desk.Ask(work);
  co_await SendWhatCame(visit, read, std::move(body));
}

}  // namespace understudy
