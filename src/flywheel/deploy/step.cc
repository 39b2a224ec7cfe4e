#include "flywheel/deploy/step.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "base/ids.h"
#include "flywheel/deploy/evidence.h"

namespace understudy {
namespace {

struct Proof {
  DeploymentStage to;
  std::string why;
};

// One that must not go on where it is goes whatever is in its way.
DeploymentStage Open(const DeployBook& book, const Deployment& one, DeploymentStage to) {
  const bool back = to == DeploymentStage::kShadow;
  return back && !book.IsFree(one, to) ? DeploymentStage::kRetired : to;
}

std::string Percent(double share) {
  return fmt::format("{:g} %", share * 100);
}

bool IsGood(const DeployState& state) {
  return Refuted(Claim::kAbove, state.promise.worse, state.sure(), state.paired);
}

// What the rows so far prove of a deployment in that stage.
std::optional<Proof> Proven(const DeployState& state) {
  const bool shadow = state.stage == DeploymentStage::kShadow;
  const DeploymentStage back = shadow ? DeploymentStage::kRetired : DeploymentStage::kShadow;
  const double worse = state.promise.worse;
  if (Refuted(Claim::kBelow, worse, state.sure(), state.paired)) {
    return Proof{back, fmt::format("more than {} of its answers differ from the reference's: {} "
                                   "of {}",
                                   Percent(worse), state.paired.errors, state.paired.rows)};
  }
  if (!shadow && Refuted(Claim::kBelow, worse, state.sure(), state.served)) {
    return Proof{back, fmt::format("more than {} of its answers fail verification: {} of {}",
                                   Percent(worse), state.served.errors, state.served.rows)};
  }
  if (state.stage == DeploymentStage::kLive || !IsGood(state)) return std::nullopt;
  if (!shadow && state.served.rows < kLeastServed) return std::nullopt;
  return Proof{shadow ? DeploymentStage::kCanary : DeploymentStage::kLive,
               fmt::format("at most {} of its answers differ from the reference's: {} of {}",
                           Percent(worse), state.paired.errors, state.paired.rows)};
}

json::object EvidenceJson(const DeployState& state) {
  const double worse = state.promise.worse;
  return {{"worse", worse},
          {"sure", state.sure()},
          {"paired", state.paired.rows},
          {"differ", state.paired.errors},
          {"served", state.served.rows},
          {"failed", state.served.errors},
          {"log_wealth_good", LogWealth(Claim::kAbove, worse, state.paired)},
          {"log_wealth_bad", LogWealth(Claim::kBelow, worse, state.paired)},
          {"log_wealth_failing", LogWealth(Claim::kBelow, worse, state.served)},
          {"limit", -std::log(1 - state.sure())}};
}

// What keeps one that nothing is proven of where it is.
std::string WaitsFor(const Deployment& one, const DeployState& state, const DeployBook& book) {
  if (one.stage == DeploymentStage::kLive) return "";
  if (!IsGood(state)) {
    const int64_t missing = CleanRowsMissing(state.promise.worse, state.sure(), state.paired);
    return fmt::format("{} more answers that agree, if none differs", missing);
  }
  if (one.stage == DeploymentStage::kCanary && state.served.rows < kLeastServed) {
    return fmt::format("{} more calls to serve", kLeastServed - state.served.rows);
  }
  if (one.stage == DeploymentStage::kShadow && !book.IsFree(one, DeploymentStage::kCanary)) {
    return "the task's canary to end";
  }
  return "";
}

DeployStanding StandingOf(const Deployment& one, DeployBook& book) {
  const DeployState& state = book.StateOf(one);
  const double worse = state.promise.worse;
  DeployStanding standing{.id = one.id,
                          .task = one.task,
                          .model = one.model,
                          .adapter = one.adapter,
                          .stage = one.stage,
                          .since_ms = one.since_ms,
                          .share = one.share,
                          .promise = state.promise,
                          .sure = state.sure(),
                          .paired = state.paired,
                          .served = state.served};
  standing.good = LogWealth(Claim::kAbove, worse, state.paired);
  standing.bad = LogWealth(Claim::kBelow, worse, state.paired);
  standing.failing = LogWealth(Claim::kBelow, worse, state.served);
  standing.limit = -std::log(1 - state.sure());
  if (one.stage != DeploymentStage::kLive) {
    standing.clean_rows_missing = CleanRowsMissing(worse, state.sure(), state.paired);
  }
  standing.why = WaitsFor(one, state, book);
  return standing;
}

// True where the exchange says something new of the deployment.
bool Count(const Exchange& exchange, const Deployment& one, DeployState& state) {
  const int64_t forgotten = state.newest_ms - kLateMs;
  if (exchange.at_ms < one.since_ms || exchange.at_ms < forgotten) return false;
  const auto evidence = EvidenceOf(exchange, one);
  if (!evidence) return false;
  if (!state.seen.emplace(FastHash(exchange.id), exchange.at_ms).second) return false;
  (evidence->paired ? state.paired : state.served).Add(evidence->error);
  return true;
}

void Forget(DeployState& state) {
  std::erase_if(state.seen,
                [&](const auto& entry) { return entry.second < state.newest_ms - kLateMs; });
}

// One deployment's part of a step. The pointers hold while nothing moves.
struct Trial {
  std::string id;
  const Deployment* one;
  DeployState* state;
  std::optional<Proof> proof;
  int64_t newest_ms = 0;
};

std::vector<Trial> Begin(DeployBook& book) {
  std::vector<Trial> trials;
  for (const Deployment& one : book.deployments().deployments) {
    if (one.stage == DeploymentStage::kRetired) continue;
    DeployState& state = book.StateOf(one);
    trials.push_back({.id = one.id, .one = &one, .state = &state, .newest_ms = state.newest_ms});
  }
  return trials;
}

// What the state proves, where the way is free.
std::optional<Proof> Proven(const DeployBook& book, const Deployment& one,
                            const DeployState& state) {
  auto proof = Proven(state);
  if (proof) proof->to = Open(book, one, proof->to);
  if (proof && !book.IsFree(one, proof->to)) proof.reset();
  return proof;
}

void Look(const Exchange& exchange, const DeployBook& book, Trial& trial) {
  if (trial.proof) return;  // what came later belongs to the next stage
  trial.newest_ms = std::max(trial.newest_ms, exchange.at_ms);
  if (Count(exchange, *trial.one, *trial.state)) {
    trial.proof = Proven(book, *trial.one, *trial.state);
  }
}

// What the rows brought: its standing before, and its move.
Result<DeployStanding> Settle(Trial& trial, DeployBook& book, int64_t now_ms) {
  const Deployment one = *trial.one;
  DeployState& state = book.StateOf(one);
  state.newest_ms = trial.newest_ms;
  Forget(state);
  DeployStanding standing = StandingOf(one, book);
  // What stood in the way may be gone without a new row; another one's move may be in it now.
  const auto proof = Proven(book, one, state);
  if (!proof) return standing;
  standing.moved_to = proof->to;
  standing.why = proof->why;
  DeployReason reason{std::string(kSequentialTest), proof->why, EvidenceJson(state),
                      proof->to == DeploymentStage::kRetired};
  TRY_VOID(book.Move(trial.id, proof->to, std::move(reason), now_ms));
  return standing;
}

}  // namespace

std::vector<DeployStanding> Standings(DeployBook& book) {
  std::vector<DeployStanding> all;
  for (const Deployment& one : book.deployments().deployments) {
    if (one.stage != DeploymentStage::kRetired) all.push_back(StandingOf(one, book));
  }
  return all;
}

Result<std::vector<DeployStanding>> StepDeployments(DeployBook& book, const DeployRows& rows,
                                                    int64_t now_ms) {
  std::vector<Trial> trials = Begin(book);
  std::vector<DeployStanding> standings;
  if (trials.empty()) return standings;
  std::unordered_map<std::string_view, std::vector<Trial*>> of_task;
  int64_t since_ms = INT64_MAX;
  for (Trial& trial : trials) {
    of_task[trial.one->task].push_back(&trial);
    since_ms = std::min(since_ms, std::max(trial.one->since_ms, trial.newest_ms - kLateMs));
  }
  TRY_VOID(rows(since_ms, [&](Exchange&& exchange) {
    const auto found = exchange.decision ? of_task.find(exchange.decision->task) : of_task.end();
    if (found == of_task.end()) return true;
    for (Trial* trial : found->second) Look(exchange, book, *trial);
    return true;
  }));
  for (Trial& trial : trials) {
    TRY(DeployStanding standing, Settle(trial, book, now_ms));
    standings.push_back(std::move(standing));
  }
  return standings;
}

json::object ToJson(const DeployStanding& standing) {
  json::object out{{"id", standing.id},
                   {"task", standing.task},
                   {"model", standing.model},
                   {"adapter", standing.adapter},
                   {"stage", Name(standing.stage)},
                   {"since", standing.since_ms},
                   {"share", standing.share},
                   {"worse", standing.promise.worse},
                   {"sure", standing.sure},
                   {"paired", standing.paired.rows},
                   {"differ", standing.paired.errors},
                   {"served", standing.served.rows},
                   {"failed", standing.served.errors},
                   {"log_wealth_good", standing.good},
                   {"log_wealth_bad", standing.bad},
                   {"log_wealth_failing", standing.failing},
                   {"limit", standing.limit},
                   {"clean_rows_missing", standing.clean_rows_missing},
                   {"why", standing.why}};
  if (standing.moved_to) out["moved_to"] = Name(*standing.moved_to);
  return out;
}

}  // namespace understudy
