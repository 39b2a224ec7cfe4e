#include "flywheel/router/logistic.h"

#include <algorithm>
#include <cmath>

namespace understudy {
namespace {

constexpr double kBiasPull = 0.01;
constexpr double kNoSpread = 1e-12;

// log(1 + exp(z)) without overflow.
double Softplus(double z) {
  return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
}

double Logistic(double z) {
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const double e = std::exp(z);
  return e / (1 + e);
}

// The penalised loss, its slope and its curvature. The bias is the last of the unknowns.
class Problem {
 public:
  Problem(const Matrix& x, std::span<const uint8_t> y, std::span<const uint32_t> rows, double l2)
      : x_(x), y_(y), rows_(rows), l2_(l2), unknowns_(x.columns + 1) {
    double ones = 0;
    for (const uint32_t row : rows) ones += y[row];
    const double all = static_cast<double>(rows.size());
    base_ = std::log((ones + 0.5) / (all - ones + 0.5));
  }

  double base() const { return base_; }
  size_t unknowns() const { return unknowns_; }

  double Loss(const std::vector<double>& w) const {
    double loss = 0.5 * kBiasPull * (w.back() - base_) * (w.back() - base_);
    for (size_t i = 0; i + 1 < unknowns_; ++i) loss += 0.5 * l2_ * w[i] * w[i];
    for (const uint32_t row : rows_) {
      const double z = Score(w, row);
      loss += Softplus(y_[row] ? -z : z);
    }
    return loss;
  }

  void Derive(const std::vector<double>& w, std::vector<double>& slope,
              std::vector<double>& curvature) const {
    slope.assign(unknowns_, 0);
    curvature.assign(unknowns_ * unknowns_, 0);
    std::vector<double> row_values(unknowns_, 1);
    for (const uint32_t row : rows_) {
      const double p = Logistic(Score(w, row));
      const double error = p - y_[row], weight = p * (1 - p);
      std::ranges::copy(x_.Row(row), row_values.begin());
      for (size_t i = 0; i < unknowns_; ++i) {
        slope[i] += error * row_values[i];
        const double scaled = weight * row_values[i];
        double* line = curvature.data() + i * unknowns_;
        for (size_t j = 0; j <= i; ++j) line[j] += scaled * row_values[j];
      }
    }
    for (size_t i = 0; i + 1 < unknowns_; ++i) {
      slope[i] += l2_ * w[i];
      curvature[i * unknowns_ + i] += l2_;
    }
    slope.back() += kBiasPull * (w.back() - base_);
    curvature.back() += kBiasPull;
  }

 private:
  double Score(const std::vector<double>& w, uint32_t row) const {
    const auto values = x_.Row(row);
    double z = w.back();
    for (size_t i = 0; i < values.size(); ++i) z += w[i] * values[i];
    return z;
  }

  const Matrix& x_;
  std::span<const uint8_t> y_;
  std::span<const uint32_t> rows_;
  double l2_;
  size_t unknowns_;
  double base_ = 0;
};

// Goes down from `w` along `direction`, by half as much until it does go down. False where not even
// the smallest step does: rounding is all that is left.
bool StepDown(const Problem& problem, const std::vector<double>& direction,
              std::vector<double>& w) {
  const double before = problem.Loss(w);
  std::vector<double> next(w.size());
  for (double length = 1; length > 1e-10; length /= 2) {
    for (size_t i = 0; i < w.size(); ++i) next[i] = w[i] - length * direction[i];
    if (problem.Loss(next) < before) {
      w = next;
      return true;
    }
  }
  return false;
}

double Greatest(const std::vector<double>& values) {
  double greatest = 0;
  for (const double value : values) greatest = std::max(greatest, std::abs(value));
  return greatest;
}

}  // namespace

Columns MeasureColumns(const Matrix& x, std::span<const uint32_t> rows) {
  Columns columns{std::vector<double>(x.columns), std::vector<double>(x.columns)};
  for (size_t c = 0; c < x.columns; ++c) {
    double count = 0, sum = 0, squares = 0;
    for (const uint32_t row : rows) {
      const double value = x.Row(row)[c];
      if (std::isfinite(value)) ++count, sum += value;
    }
    const double mean = count > 0 ? sum / count : 0;
    for (const uint32_t row : rows) {
      const double value = x.Row(row)[c];
      if (std::isfinite(value)) squares += (value - mean) * (value - mean);
    }
    columns.means[c] = mean;
    const double deviation = count > 0 ? std::sqrt(squares / count) : 0;
    columns.deviations[c] = deviation > kNoSpread * (1 + std::abs(mean)) ? deviation : 0;
  }
  return columns;
}

void Standardize(Matrix& x, const Columns& columns) {
  for (size_t i = 0; i < x.rows; ++i) {
    const auto row = x.Row(i);
    for (size_t c = 0; c < x.columns; ++c) {
      const double deviation = columns.deviations[c];
      const bool known = deviation > 0 && std::isfinite(row[c]);
      row[c] = known ? (row[c] - columns.means[c]) / deviation : 0;
    }
  }
}

double LogisticFit::Score(std::span<const double> x) const {
  double z = bias;
  for (size_t i = 0; i < x.size(); ++i) z += weights[i] * x[i];
  return z;
}

LogisticFit FitLogistic(const Matrix& x, std::span<const uint8_t> y, std::span<const uint32_t> rows,
                        const LogisticOptions& options, const LogisticFit* start) {
  const Problem problem(x, y, rows, options.l2);
  std::vector<double> w(problem.unknowns(), 0), slope, curvature;
  w.back() = problem.base();
  if (start && start->weights.size() + 1 == w.size()) {
    std::ranges::copy(start->weights, w.begin());
    w.back() = start->bias;
  }
  LogisticFit fit;
  const double enough = options.tolerance * (1 + static_cast<double>(rows.size()));
  for (; fit.steps < options.max_steps; ++fit.steps) {
    problem.Derive(w, slope, curvature);
    fit.converged = Greatest(slope) <= enough;
    if (fit.converged || !SolveCholesky(curvature, slope)) break;
    if (!StepDown(problem, slope, w)) {
      fit.converged = true;
      break;
    }
  }
  fit.bias = w.back();
  w.pop_back();
  fit.weights = std::move(w);
  return fit;
}

double LogLoss(std::span<const double> scores, std::span<const uint8_t> y) {
  double loss = 0;
  for (size_t i = 0; i < scores.size(); ++i) loss += Softplus(y[i] ? -scores[i] : scores[i]);
  return scores.empty() ? 0 : loss / static_cast<double>(scores.size());
}

bool SolveCholesky(std::vector<double>& a, std::vector<double>& b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    double* row = a.data() + i * n;
    for (size_t j = 0; j <= i; ++j) {
      const double* other = a.data() + j * n;
      double sum = row[j];
      for (size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (i != j) {
        row[j] = sum / other[j];
      } else if (sum > 0) {
        row[i] = std::sqrt(sum);
      } else {
        return false;
      }
    }
    for (size_t k = 0; k < i; ++k) b[i] -= row[k] * b[k];
    b[i] /= row[i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return true;
}

}  // namespace understudy
