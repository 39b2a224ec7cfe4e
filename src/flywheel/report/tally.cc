#include "flywheel/report/tally.h"

#include <algorithm>
#include <cmath>

#include "dataset/first_message.h"
#include "dataset/score.h"

namespace understudy {
namespace {

constexpr double kBytesPerToken = 4;  // of English text, where nothing was measured

// By nearest rank.
LatencySummary Summarise(std::vector<int64_t> values_us) {
  if (values_us.empty()) return {};
  const auto at = [&](double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values_us.size())));
    const auto place =
        values_us.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
    std::nth_element(values_us.begin(), place, values_us.end());
    return static_cast<double>(*place) / 1000;
  };
  return {std::ssize(values_us), at(0.5), at(0.95)};
}

const AnswerRecord* Served(const Exchange& exchange) {
  const auto found = std::ranges::find(exchange.answers, true, &AnswerRecord::served);
  return found == exchange.answers.end() ? nullptr : &*found;
}

const AnswerRecord* ByReference(const Exchange& exchange) {
  const auto found = std::ranges::find_if(exchange.answers, [](const AnswerRecord& answer) {
    return answer.kind == AnswerKind::kReference && answer.error.empty();
  });
  return found == exchange.answers.end() ? nullptr : &*found;
}

// The router would have asked for the answer, and it passed: it differs, or it does not.
bool WouldServe(const Exchange& exchange, const AnswerRecord& shadow) {
  if (!shadow.verdict.ok() && shadow.verdict.kind != VerdictKind::kDiffers) return false;
  if (!exchange.decision) return true;
  return std::ranges::none_of(exchange.decision->candidates, [&](const Candidate& candidate) {
    return candidate.model == shadow.model && candidate.deployment == shadow.deployment &&
           candidate.probability < candidate.threshold;
  });
}

}  // namespace

void ReferencePace::Add(const ReferencePace& other) {
  calls += other.calls;
  request_bytes += other.request_bytes;
  prompt_tokens += other.prompt_tokens;
  answer_tokens += other.answer_tokens;
}

Usage ReferencePace::Estimate(int64_t bytes, const Usage& given) const {
  Usage usage{.known = true};
  const double per_byte = calls > 0 && request_bytes > 0 ? static_cast<double>(prompt_tokens) /
                                                               static_cast<double>(request_bytes)
                                                         : 1 / kBytesPerToken;
  usage.prompt_tokens = std::llround(per_byte * static_cast<double>(bytes));
  usage.completion_tokens = calls > 0 ? answer_tokens / calls : given.completion_tokens;
  return usage;
}

void Tally::AddShadow(const Exchange& exchange) {
  const AnswerRecord* reference = ByReference(exchange);
  if (reference == nullptr) return;
  for (const AnswerRecord& answer : exchange.answers) {
    if (answer.kind != AnswerKind::kShadow || !answer.error.empty()) continue;
    const std::string& body = reference->body.empty() ? exchange.response : reference->body;
    const json::value expected = FirstMessage(body);
    const json::value shadow = FirstMessage(answer.body);
    if (expected.is_null()) continue;
    const auto request = ParseJson(exchange.request);
    const bool agreed = !shadow.is_null() &&
                        ExactMatch(expected, shadow, request ? *request : json::value(nullptr));
    row_.agreed.Add(agreed);
    const bool would_serve = WouldServe(exchange, answer);
    row_.would_serve.Add(would_serve);
    if (would_serve) row_.served_well.Add(agreed);
  }
}

void Tally::Add(const Exchange& exchange, bool small_served) {
  ++row_.calls;
  for (const AnswerRecord& answer : exchange.answers) {
    const bool shadow = answer.kind == AnswerKind::kShadow;
    (shadow ? row_.cost_shadow_usd : row_.cost_after_usd) += answer.cost_usd;
    const bool failed = answer.verdict.kind == VerdictKind::kError || !answer.error.empty();
    if (answer.kind == AnswerKind::kSlm && !failed) row_.passed.Add(answer.verdict.ok());
  }
  const auto bytes = std::ssize(exchange.request);
  const AnswerRecord* served = Served(exchange);
  if (const AnswerRecord* reference = ByReference(exchange); reference && reference->usage.known) {
    pace_.Add({1, bytes, reference->usage.prompt_tokens, reference->usage.completion_tokens});
    row_.cost_before_usd += price_.Cost(reference->usage);
  } else if (served != nullptr) {
    unanswered_.push_back({bytes, served->usage});
  }
  AddShadow(exchange);
  switch (exchange.outcome) {
    case Outcome::kUnverified: row_.unverified += small_served; [[fallthrough]];
    case Outcome::kServed: ++(small_served ? row_.by_small : row_.by_reference); break;
    case Outcome::kEscalated: ++row_.escalated; break;
    case Outcome::kFellBack: ++row_.fell_back; break;
    default: ++row_.failed; return;
  }
  AddLatency(exchange, small_served);
}

void Tally::AddLatency(const Exchange& exchange, bool small_served) {
  if (exchange.total_us <= 0) return;
  all_us_.push_back(exchange.total_us);
  if (small_served) return small_us_.push_back(exchange.total_us);
  const bool escalated = exchange.outcome == Outcome::kEscalated;
  (escalated ? escalated_us_ : reference_us_).push_back(exchange.total_us);
}

ReportRow Tally::Row(const ReferencePace& overall) const {
  ReportRow row = row_;
  const ReferencePace& pace = pace_.calls > 0 ? pace_ : overall;
  for (const Unanswered& call : unanswered_) {
    row.cost_before_usd += price_.Cost(pace.Estimate(call.request_bytes, call.given));
  }
  row.small = Summarise(small_us_);
  row.reference = Summarise(reference_us_);
  row.after_escalation = Summarise(escalated_us_);
  row.all = Summarise(all_us_);
  return row;
}

}  // namespace understudy
