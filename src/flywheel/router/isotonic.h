// Isotonic regression: the never-falling probabilities that fit scores best, by pooling adjacent
// violators (Ayer, Brunk, Ewing, Reid & Silverman 1955, doi:10.1214/aoms/1177728423; for the
// calibration of classifiers: Zadrozny & Elkan 2002, doi:10.1145/775047.775151).
#pragma once

#include <cstdint>
#include <span>

#include "route/acceptance_model.h"

namespace understudy {

// `y` holds 0 or 1 for each score. Rows are first put, by score, into bins of at least
// `least_rows` (equal scores always together), and each bin's share of ones is drawn to the share
// of all by one row's weight: a probability of exactly 0 or 1 would be a claim that so few rows
// cannot carry. Then neighbours that fall are pooled. One point a pool, at its mean score. At most
// `most_points` bins. Empty for no rows.
CalibrationTable FitIsotonic(std::span<const double> scores, std::span<const uint8_t> y,
                             size_t least_rows = 10, size_t most_points = 200);

// For each i the least-squares never-falling sequence to `values` with `weights`: the bare method.
std::vector<double> PoolAdjacentViolators(std::span<const double> values,
                                          std::span<const double> weights);

}  // namespace understudy
