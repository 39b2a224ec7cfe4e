// A router from rows: probabilities, then thresholds that keep a promise.
//
//   split   the rows that are not held back (`valid`) are fitted on; where they are fewer than 200,
//           a third of the groups of the others (`calib`) joins them. The rest tests the promise,
//           and nothing else ever sees it.
//   fit     P before and P after, cross-fitted and calibrated (probability_fit.h)
//   order   pairs of thresholds from strict to loose, of the fitted rows alone (policies.h)
//   test    Learn-then-Test over that order (learn_then_test.h), all tasks together, weighted as
//   they
//           come in the log: where only a part of a task's calls was answered, the other tasks'
//           rows are thinned to the same share. A task of which so little was answered that too few
//           rows would be left is left to the reference.
//   choose  the loosest pair that passed, for all tasks that may be served; else, and for all other
//           tasks, thresholds that no probability reaches, with the reason and the number of calls
//           that the promise would take.
//
// The tested rows are judged by Acceptance itself, as the gateway does it. A row that would be
// given to another task's SLM counts as wrong where it would be served. The promise is about the
// calls of the tasks that the SLMs answered, each distinct call counted once (curate merges exact
// copies); it takes rows for independent draws. Calls of one session or near duplicates are less
// than that: `by_group` tests one row a group and promises by the group. The report has both
// p-values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/binomial.h"
#include "base/json.h"
#include "base/result.h"
#include "flywheel/router/learn_then_test.h"
#include "flywheel/router/policies.h"
#include "flywheel/router/router_data.h"
#include "route/acceptance_model.h"

namespace understudy {

struct RouterFitOptions {
  Promise promise;
  // No answer is served that is by itself less likely right than this. Below 0: a call may be four
  // times as bad as the promise is about all of them, and no worse than a coin.
  double least = -1;
  double keep = 0.5;      // of the answers that are generated at least this share is to be served
  bool by_group = false;  // test one row of each group
  uint64_t seed = 0;

  PolicyLimits Limits() const;
};

// How well a probability tells right from wrong, on the rows that tested the promise.
struct ProbabilityQuality {
  double auc =
      0.5;  // area under the ROC curve; 0.5: no better than chance, also where all are alike
  double brier = 0;  // mean squared error; 0 is best
  double mean = 0;   // of the probability, beside the share that was right
  double share = 0;
};

struct RouterReport {
  struct Task {
    std::string id, name, why;
    double before = kNeverServed, after = kNeverServed;
    int64_t fitted = 0;  // rows fitted on
    int64_t rows = 0;    // rows that tested the promise
    int64_t right = 0;   // of these, whatever is served
    int64_t tried = 0;   // of these given to the SLM
    int64_t served = 0, wrong = 0;
    BinomialBounds error;  // of a served answer, exact, 95 %
  };
  struct CurvePoint {
    Policy policy;
    PolicyTest test;
  };
  Promise promise;
  bool held = false;  // something is served under the promise
  bool by_group = false;
  int64_t fitted = 0;    // rows fitted on
  int64_t rows = 0;      // rows that tested the promise; of
  int64_t groups = 0;    // so many groups
  int64_t left_out = 0;  // rows that thinning or by_group left out of the test
  int64_t strayed = 0;   // rows that the task model gives to another task, or to none
  int64_t tried = 0, served = 0, wrong = 0;
  double loss_at_most =
      1;               // upper bound of the share of calls served wrong, as sure as the promise
  double p_value = 1;  // of the chosen policy
  double p_value_by_group = 1;  // with one row a group
  ProbabilityQuality before, after;
  double before_l2 = 0, after_l2 = 0;
  std::vector<CurvePoint> curve;  // up to 20 policies, strict to loose
  std::vector<Task> tasks;
  // Where nothing can be promised: rows that it takes in all if none is wrong, and if as many are
  // wrong as were under the loosest policy that lost at most half of what the promise allows.
  int64_t needed_if_right = 0;
  std::optional<int64_t> needed_as_seen;
  std::string why;  // where nothing can be promised: why, in a sentence
};
json::object ToJson(const RouterReport& report);
RouterReport RouterReportFrom(const json::value& value);

struct RouterFit {
  AcceptanceModel model;
  RouterReport report;
};

// kCancelled where `step` (told how far it is, of 1) returns false. Deterministic.
Result<RouterFit> FitRouter(const RouterData& data, const RouterFitOptions& options,
                            const std::function<bool(double)>& step);

}  // namespace understudy
