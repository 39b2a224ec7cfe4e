// Logistic regression with an L2 penalty: the least of
//   sum of log(1 + exp(-y (b + w.x)))  +  l2/2 |w|^2      (y is -1 or 1)
// by Newton's method (iteratively reweighted least squares; Hastie, Tibshirani & Friedman, The
// Elements of Statistical Learning, 4.4.1) with steps halved while they do not go down, and the
// normal equations solved by Cholesky's decomposition. The problem is strictly convex, so there is
// one answer, and it depends on no seed and no order of threads. The bias is drawn with a hundredth
// of a row's weight towards the log-odds of the (smoothed) share of ones, so that rows of one kind
// alone have an answer too.
//
// Time: rows x columns^2 / 2 a step, some ten steps. Memory: columns^2.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace understudy {

// Numbers in rows, one after another.
struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(size_t row_count, size_t column_count)
      : rows(row_count), columns(column_count), values(row_count * column_count) {}
  std::span<double> Row(size_t i) { return {values.data() + i * columns, columns}; }
  std::span<const double> Row(size_t i) const { return {values.data() + i * columns, columns}; }
};

// Mean and standard deviation by column over those entries that are finite; a column without
// spread has the deviation 0 and says nothing.
struct Columns {
  std::vector<double> means, deviations;
};
Columns MeasureColumns(const Matrix& x, std::span<const uint32_t> rows);
// (x - mean) / deviation; 0 where that is not known.
void Standardize(Matrix& x, const Columns& columns);

struct LogisticOptions {
  double l2 = 1;
  int max_steps = 100;
  double tolerance = 1e-8;  // of the greatest slope, by rows
};

struct LogisticFit {
  double bias = 0;
  std::vector<double> weights;
  int steps = 0;
  bool converged = false;

  double Score(std::span<const double> x) const;  // log-odds
};

// Over the rows of `x` that `rows` names; `y` has one entry a row of `x`, 0 or 1. `start` (may be
// null) is where to begin: it saves steps and changes nothing else.
LogisticFit FitLogistic(const Matrix& x, std::span<const uint8_t> y, std::span<const uint32_t> rows,
                        const LogisticOptions& options, const LogisticFit* start = nullptr);

// Mean of -log of the probability that the scores gave to what was so.
double LogLoss(std::span<const double> scores, std::span<const uint8_t> y);

// Solves A x = b in place for a symmetric positive definite A, of which the lower triangle is read
// (row by row, n x n). False where A is not positive definite.
bool SolveCholesky(std::vector<double>& a, std::vector<double>& b);

}  // namespace understudy
