#include "gateway/steps.h"

namespace understudy {
namespace {

// What the end of the answer still needs is small and stays; the rest goes to the record.
Exchange HandOver(Call& call) {
  Exchange exchange = std::move(call.exchange);
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
  call.decision.route = exchange.decision->route;
  call.decision.reason = exchange.decision->reason;
  call.decision.task = exchange.decision->task;
  exchange.request = std::move(call.chat.body);
  exchange.response = call.answer.body;
  return exchange;
}

}  // namespace

bool Recorded(const Call& call) {
  return call.services.recorder && call.parsed;
}

Task<Status> Record(Call& call) {
  return call.services.recorder->Record(HandOver(call));
}

}  // namespace understudy
