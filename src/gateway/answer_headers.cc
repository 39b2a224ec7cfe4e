#include "gateway/answer_headers.h"

#include "chat/sse.h"

namespace understudy {
namespace {

double TotalCost(const Call& call) {
  double total = 0;
  for (const AnswerRecord& answer : call.exchange.answers) total += answer.cost_usd;
  return total;
}

std::string TookMs(const Call& call) {
  return fmt::format("{:.3f}", static_cast<double>(call.exchange.total_us) / 1000);
}

}  // namespace

Headers StreamHeaders(const Call& call) {
  Headers headers;
  headers.Add("content-type", "text/event-stream; charset=utf-8");
  headers.Add("cache-control", "no-cache");
  AddDecisionHeaders(call, headers);
  if (!call.answered) headers.Remove("x-understudy-model");
  return headers;
}

void AddDecisionHeaders(const Call& call, Headers& headers) {
  headers.Add("x-understudy-id", call.exchange.id);
  if (!call.wire.left_out().empty()) headers.Add("x-understudy-left-out", call.wire.left_out());
  if (call.exchange.answers.empty()) return;
  headers.Add("x-understudy-model", call.exchange.answers.back().model);
  headers.Add("x-understudy-route", Name(call.decision.route));
  headers.Add("x-understudy-reason", call.decision.reason);
  if (!call.decision.task.empty()) headers.Add("x-understudy-task", call.decision.task);
}

void AddOutcomeHeaders(const Call& call, Headers& headers) {
  headers.Add("x-understudy-outcome", Name(call.exchange.outcome));
  headers.Add("x-understudy-took-ms", TookMs(call));
  if (call.exchange.answers.empty()) return;
  const Verdict& verdict = call.exchange.answers.back().verdict;
  if (verdict.kind != VerdictKind::kUnchecked) {
    headers.Add("x-understudy-verdict", Name(verdict.kind));
  }
  headers.Add("x-understudy-cost-usd", fmt::format("{:.9f}", TotalCost(call)));
}

std::string OutcomeComment(const Call& call) {
  return FormatSseComment(fmt::format("understudy outcome={} cost_usd={:.9f} took_ms={}",
                                      Name(call.exchange.outcome), TotalCost(call), TookMs(call)));
}

}  // namespace understudy
