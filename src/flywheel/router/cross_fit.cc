#include "flywheel/router/cross_fit.h"

#include <cmath>

#include <array>
#include <limits>

#include "base/ids.h"

namespace understudy {
namespace {

// From where nothing is learned to where little is held back; each starts at the one before.
constexpr std::array<double, 7> kPenalties = {1000, 300, 100, 30, 10, 3, 1};

void ShareOneScale(Columns& columns, size_t common) {
  double squares = 0;
  for (size_t c = 0; c < common; ++c) squares += columns.deviations[c] * columns.deviations[c];
  const double scale = common > 0 ? std::sqrt(squares / static_cast<double>(common)) : 0;
  for (size_t c = 0; c < common; ++c) {
    if (columns.deviations[c] > 0) columns.deviations[c] = scale;
  }
}

LinearScore InOwnUnits(const LogisticFit& fit, const Columns& columns) {
  LinearScore score{fit.bias, fit.weights, columns.means};
  for (size_t c = 0; c < score.size(); ++c) {
    const double deviation = columns.deviations[c];
    score.weights[c] = deviation > 0 ? score.weights[c] / deviation : 0;
  }
  return score;
}

std::vector<uint32_t> Without(std::span<const uint32_t> rows, std::span<const uint8_t> folds,
                              uint8_t fold) {
  std::vector<uint32_t> others;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (folds[i] != fold) others.push_back(rows[i]);
  }
  return others;
}

}  // namespace

uint8_t FoldOf(uint64_t group, uint64_t seed) {
  const std::string_view bytes(reinterpret_cast<const char*>(&group), sizeof group);
  return static_cast<uint8_t>(FastHash(bytes, seed) % kFolds);
}

CrossFit FitCrossed(Matrix x, std::span<const uint8_t> y, std::span<const uint32_t> rows,
                    std::span<const uint8_t> folds, size_t common,
                    const std::function<bool(double)>& step) {
  Columns columns = MeasureColumns(x, rows);
  ShareOneScale(columns, common);
  Standardize(x, columns);
  std::array<LogisticFit, kFolds> fits;
  std::array<std::vector<uint32_t>, kFolds> training;
  for (uint8_t fold = 0; fold < kFolds; ++fold) training[fold] = Without(rows, folds, fold);
  std::vector<uint8_t> truths;
  for (const uint32_t row : rows) truths.push_back(y[row]);
  CrossFit best;
  best.held_out_loss = std::numeric_limits<double>::infinity();
  std::vector<double> scores(rows.size());
  for (size_t k = 0; k < kPenalties.size(); ++k) {
    const LogisticOptions options{.l2 = kPenalties[k]};
    for (uint8_t fold = 0; fold < kFolds; ++fold) {
      if (!step((static_cast<double>(k) + fold / double{kFolds}) / kPenalties.size())) return {};
      fits[fold] = FitLogistic(x, y, training[fold], options, k > 0 ? &fits[fold] : nullptr);
    }
    for (size_t i = 0; i < rows.size(); ++i) scores[i] = fits[folds[i]].Score(x.Row(rows[i]));
    const double loss = LogLoss(scores, truths);
    if (loss >= best.held_out_loss) continue;
    best.held_out_loss = loss;
    best.l2 = options.l2;
    best.held_out = scores;
  }
  best.score = InOwnUnits(FitLogistic(x, y, rows, {.l2 = best.l2}), columns);
  return best;
}

}  // namespace understudy
