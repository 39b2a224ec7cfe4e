#include "flywheel/deploy/step.h"

#include <algorithm>
#include <cmath>

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

// One deployment's part of a step.
struct Trial {
  std::string id;
  DeployStanding standing;
  std::optional<Proof> proof;
  int64_t newest_ms = 0;
};

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
  std::vector<Trial> trials;
  int64_t since_ms = INT64_MAX;
  for (const Deployment& one : book.deployments().deployments) {
    if (one.stage == DeploymentStage::kRetired) continue;
    const DeployState& state = book.StateOf(one);
    trials.push_back({.id = one.id, .newest_ms = state.newest_ms});
    since_ms = std::min(since_ms, std::max(one.since_ms, state.newest_ms - kLateMs));
  }
  if (trials.empty()) return std::vector<DeployStanding>{};
  TRY_VOID(rows(since_ms, [&](Exchange&& exchange) {
    for (Trial& trial : trials) {
      const Deployment& one = *book.deployments().Find(trial.id);
      DeployState& state = book.StateOf(one);
      if (trial.proof) continue;  // what came later belongs to the next stage
      trial.newest_ms = std::max(trial.newest_ms, exchange.at_ms);
      if (!Count(exchange, one, state)) continue;
      trial.proof = Proven(state);
      if (trial.proof) trial.proof->to = Open(book, one, trial.proof->to);
      if (trial.proof && !book.IsFree(one, trial.proof->to)) trial.proof.reset();
    }
    return true;
  }));
  std::vector<DeployStanding> standings;
  for (Trial& trial : trials) {
    const Deployment one = *book.deployments().Find(trial.id);
    DeployState& state = book.StateOf(one);
    state.newest_ms = trial.newest_ms;
    Forget(state);
    trial.standing = StandingOf(one, book);
    // What stood in the way may be gone without a new row; another one's move may be in it now.
    if (!trial.proof) trial.proof = Proven(state);
    if (trial.proof) trial.proof->to = Open(book, one, trial.proof->to);
    if (trial.proof && book.IsFree(one, trial.proof->to)) {
      trial.standing.moved_to = trial.proof->to;
      trial.standing.why = trial.proof->why;
      DeployReason reason{std::string(kSequentialTest), trial.proof->why, EvidenceJson(state)};
      TRY_VOID(book.Move(trial.id, trial.proof->to, std::move(reason), now_ms));
    }
    standings.push_back(std::move(trial.standing));
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
