// The sequential test that moves deployments: shadow -> canary -> live, and back.
//
// Each stage counts anew, of the exchanges that arrived in it, in their order, two kinds of rows
// (evidence.h): answers beside the reference's, and answers served. With the promise "at most A
// worse, D sure" (book.h), after each row (e_process.h):
//   shadow  -> canary   once "at least A of its answers differ" is refuted
//           -> retired  once "at most A differ" is refuted
//   canary  -> live     as from shadow, and it has served kLeastServed calls
//           -> shadow   once "at most A differ", or "at most A of those served fail verification",
//                       is refuted
//   live    -> shadow   likewise
// Stopping at the first row that proves it is what the test allows, so the chance of a promotion of
// one that is not good enough is at most 1 - D in each stage, however often the step is run; after
// a rollback half of that, and so on, which adds up to no more than 2 (1 - D).
//
// Where the share of a task's calls that the router would give it changes, so do the rows that
// count: the claim is about answers that would be served, as the router stands.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/exchange.h"
#include "flywheel/deploy/book.h"

namespace understudy {

inline constexpr int64_t kLeastServed = 20;
inline constexpr std::string_view kSequentialTest = "sequential test";
// Shadow answers come after their exchange: so far back those already seen are looked at again.
inline constexpr int64_t kLateMs = 20 * 60 * 1000;

// How a deployment stands.
struct DeployStanding {
  std::string id, task, model, adapter;
  DeploymentStage stage = DeploymentStage::kShadow;  // before the step
  int64_t since_ms = 0;
  double share = 0;
  DeployPromise promise;
  double sure = 0;  // what the tests go by, after rollbacks
  ErrorCounts paired, served;
  // Natural logarithms of the wealth against each claim; limit: what refutes it.
  double good = 0, bad = 0, failing = 0, limit = 0;
  int64_t clean_rows_missing = 0;  // to the next stage, if none of them differs; 0 where none is
  std::optional<DeploymentStage> moved_to;
  std::string why;  // of the move, or what it waits for
};
json::object ToJson(const DeployStanding& standing);

// Gives exchanges with at_ms >= since_ms, in order of arrival; stops where `each` returns false.
using DeployRows =
    std::function<Status(int64_t since_ms, const std::function<bool(Exchange&&)>& each)>;

// How each deployment that is not retired stands, by what was counted so far.
std::vector<DeployStanding> Standings(DeployBook& book);

// Counts what has come since, and moves what is proven. Nothing is saved: that is book.Save().
Result<std::vector<DeployStanding>> StepDeployments(DeployBook& book, const DeployRows& rows,
                                                    int64_t now_ms);

}  // namespace understudy
