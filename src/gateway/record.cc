#include "gateway/steps.h"

namespace understudy {

Task<Status> Record(Call& call) {
  if (!call.services.recorder || !call.parsed) co_return Status{};
  Exchange exchange = std::move(call.exchange);
  // What the end of the answer still needs is small; the bodies go to the record.
  call.exchange.id = exchange.id;
  call.exchange.outcome = exchange.outcome;
  call.exchange.total_us = exchange.total_us;
  for (const AnswerRecord& answer : exchange.answers) {
    AnswerRecord& kept = call.exchange.answers.emplace_back();
    kept.model = answer.model;
    kept.cost_usd = answer.cost_usd;
    kept.verdict.kind = answer.verdict.kind;
  }
  exchange.decision = std::move(call.decision);
  call.decision = *exchange.decision;
  exchange.request = std::move(call.chat.body);
  exchange.response = call.answer.body;
  co_return co_await call.services.recorder->Record(std::move(exchange));
}

}  // namespace understudy
