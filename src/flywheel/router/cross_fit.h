// Cross-fitting: every row's score comes from a model that has not seen its group, so that what is
// built on the scores (calibration, thresholds) sees them as they will be on new calls.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "flywheel/router/logistic.h"
#include "route/acceptance_model.h"

namespace understudy {

inline constexpr uint8_t kFolds = 5;

// A group's fold, the same on every machine.
uint8_t FoldOf(uint64_t group, uint64_t seed);

struct CrossFit {
  LinearScore score;             // on all rows, in the inputs' own units
  double l2 = 0;                 // of those tried, the one whose held-out log loss is least
  std::vector<double> held_out;  // scores, one an entry of `rows`
  double held_out_loss = 0;      // their mean log loss
};

// `x` in the inputs' own units, NaN where one is not known; `y` one entry a row of x; `rows` those
// to fit on, `folds` one an entry of `rows`. The first `common` columns share one scale (an
// embedding's: its weak directions are mostly noise and stay weak), the others have their own.
// `step` is told how far it is (of 1) and returns false to end at once (held_out is empty then).
CrossFit FitCrossed(Matrix x, std::span<const uint8_t> y, std::span<const uint32_t> rows,
                    std::span<const uint8_t> folds, size_t common,
                    const std::function<bool(double)>& step);

}  // namespace understudy
