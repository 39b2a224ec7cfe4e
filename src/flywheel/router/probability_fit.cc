#include "flywheel/router/probability_fit.h"

#include <algorithm>

#include "flywheel/router/cross_fit.h"
#include "flywheel/router/isotonic.h"
#include "route/acceptance.h"

namespace understudy {
namespace {

constexpr size_t kMostRows = 20'000;  // more teach these few weights nothing, and take long

// The inputs of Before, in the order of acceptance_model.h.
Matrix BeforeInputs(const RouterData& data, std::span<const uint32_t> rows,
                    const AcceptanceModel& model) {
  Matrix x(rows.size(), model.before_inputs());
  for (size_t i = 0; i < rows.size(); ++i) {
    const RouterRow& row = data.rows[rows[i]];
    auto out = x.Row(i).begin();
    out = std::ranges::copy(data.Embedding(rows[i]), out).out;
    *out++ = row.closeness;
    out = std::ranges::copy(row.features, out).out;
    *(out + row.assigned) = 1;
  }
  return x;
}

std::vector<uint32_t> Counting(size_t count) {
  std::vector<uint32_t> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<uint32_t>(i);
  return numbers;
}

Error Stopped() {
  return Cancelled("the fitting was stopped");
}

Status FitBefore(const RouterData& data, const UsedRows& used,
                 const std::function<bool(double)>& step, ProbabilityFit& fit) {
  std::vector<uint8_t> y;
  for (const uint32_t row : used.rows) y.push_back(data.rows[row].passed && data.rows[row].right);
  const CrossFit crossed = FitCrossed(BeforeInputs(data, used.rows, fit.model), y,
                                      Counting(used.rows.size()), used.folds, data.dims, step);
  if (crossed.held_out.size() != used.rows.size()) return Fail(Stopped());
  fit.model.before = crossed.score;
  fit.model.before_table = FitIsotonic(crossed.held_out, y);
  fit.before_l2 = crossed.l2;
  for (const double score : crossed.held_out) {
    fit.before.push_back(fit.model.before_table.At(score));
  }
  return {};
}

Status FitAfter(const RouterData& data, const UsedRows& used,
                const std::function<bool(double)>& step, ProbabilityFit& fit) {
  Matrix x(used.rows.size(), kSignalInputs);
  std::vector<uint8_t> y, folds, truths;
  std::vector<uint32_t> passed;
  for (size_t i = 0; i < used.rows.size(); ++i) {
    const RouterRow& row = data.rows[used.rows[i]];
    std::ranges::copy(SignalInputsOf(fit.before[i], row.signals), x.Row(i).begin());
    y.push_back(row.right);
    if (!row.passed) continue;
    passed.push_back(static_cast<uint32_t>(i));
    folds.push_back(used.folds[i]);
    truths.push_back(row.right);
  }
  const CrossFit crossed = FitCrossed(std::move(x), y, passed, folds, 0, step);
  if (crossed.held_out.size() != passed.size()) return Fail(Stopped());
  fit.model.after = crossed.score;
  fit.model.after_table = FitIsotonic(crossed.held_out, truths);
  fit.after_l2 = crossed.l2;
  fit.after.assign(used.rows.size(), 0);
  for (size_t i = 0; i < passed.size(); ++i) {
    fit.after[passed[i]] = fit.model.after_table.At(crossed.held_out[i]);
  }
  return {};
}

}  // namespace

UsedRows RowsToFitOn(const RouterData& data, std::span<const uint32_t> rows, uint64_t seed) {
  UsedRows used;
  const size_t every = rows.size() / kMostRows + 1;
  for (size_t i = 0; i < rows.size(); i += every) {
    const RouterRow& row = data.rows[rows[i]];
    if (row.task < 0 || row.assigned != row.task) continue;
    used.rows.push_back(rows[i]);
    used.folds.push_back(FoldOf(row.group, seed));
  }
  return used;
}

Result<ProbabilityFit> FitProbabilities(const RouterData& data, const UsedRows& used,
                                        const std::function<bool(double)>& step) {
  ProbabilityFit fit;
  fit.model.dims = data.dims;
  for (const RouterTask& task : data.tasks) {
    fit.model.tasks.push_back({.id = task.id, .name = task.name, .why = task.why});
  }
  TRY_VOID(FitBefore(data, used, [&](double part) { return step(0.9 * part); }, fit));
  TRY_VOID(FitAfter(data, used, [&](double part) { return step(0.9 + 0.1 * part); }, fit));
  return fit;
}

}  // namespace understudy
