// The two probabilities of route/acceptance.h, fitted: before an answer is generated and after.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "flywheel/router/router_data.h"
#include "route/acceptance_model.h"

namespace understudy {

struct ProbabilityFit {
  AcceptanceModel model;  // its scores and tables; thresholds that serve nothing
  // Of the rows fitted on, by models that have not seen their groups; one an entry of `rows`.
  std::vector<double> before, after;  // after: 0 where verification failed
  double before_l2 = 0, after_l2 = 0;
};

// `rows` are the rows of `data` to fit on; of these, the ones that online would be given another
// task teach nothing and are left out (see `used`). Before learns "verified and right" on all of
// them; After learns "right" on those that passed verification. Deterministic. kCancelled where
// `step` (see FitCrossed) says so.
struct UsedRows {
  std::vector<uint32_t> rows;  // of data.rows
  std::vector<uint8_t> folds;
};
UsedRows RowsToFitOn(const RouterData& data, std::span<const uint32_t> rows, uint64_t seed);
Result<ProbabilityFit> FitProbabilities(const RouterData& data, const UsedRows& used,
                                        const std::function<bool(double)>& step);

}  // namespace understudy
