#include "route/acceptance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/file.h"

namespace understudy {
namespace {

constexpr double kMaxLogOdds = 6;      // of P before, when it is an input of P after
constexpr double kLeastLogprob = -20;  // what is less likely counts as this
constexpr double kLargestMargin = 20;  // and what is surer as this

double WeightedSum(const std::vector<float>& weights, std::span<const float> x) {
  // Eight sums side by side: a single one would wait for itself at each addition.
  std::array<float, 8> sums{};
  size_t i = 0;
  for (; i + 8 <= x.size(); i += 8) {
    for (size_t k = 0; k < 8; ++k) sums[k] += weights[i + k] * x[i + k];
  }
  double sum = 0;
  for (; i < x.size(); ++i) sum += static_cast<double>(weights[i]) * x[i];
  for (const float part : sums) sum += part;
  return sum;
}

double Held(double x, double low, double high) {
  return std::isnan(x) ? x : std::clamp(x, low, high);
}

}  // namespace

SignalInputs SignalInputsOf(double p_before, const Signals& signals) {
  const double odds = std::log(p_before) - std::log1p(-p_before);
  return {Held(odds, -kMaxLogOdds, kMaxLogOdds),
          Held(signals.min_logprob, kLeastLogprob, 0),
          Held(signals.mean_logprob, kLeastLogprob, 0),
          Held(signals.low_margin, 0, kLargestMargin),
          Held(signals.grounded, 0, 1),
          std::log1p(static_cast<double>(std::max(0, signals.answer_tokens)))};
}

Result<Acceptance> Acceptance::Load(const std::filesystem::path& file) {
  TRY(const std::string text, ReadFile(file, kMaxFileBytes));
  Result<AcceptanceModel> model = ParseAcceptanceModel(text);
  if (model) return Acceptance(*std::move(model));
  Error error = std::move(model).error();
  const std::string where = error.where.empty() ? "" : ": " + error.where;
  return Fail(std::move(error).At(file.string() + where));
}

Result<Acceptance> Acceptance::Make(AcceptanceModel model) {
  TRY_VOID(CheckAcceptanceModel(model));
  return Acceptance(std::move(model));
}

Acceptance::Acceptance(AcceptanceModel model) : model_(std::move(model)) {
  for (size_t i = 0; i < model_.tasks.size(); ++i) {
    task_index_.emplace(model_.tasks[i].id, static_cast<int>(i));
  }
  const LinearScore& before = model_.before;
  embedding_weights_.assign(before.weights.begin(),
                            before.weights.begin() + static_cast<std::ptrdiff_t>(model_.dims));
  bias_ = before.bias;
  for (size_t i = 0; i < before.size(); ++i) bias_ -= before.weights[i] * before.means[i];
}

int Acceptance::TaskIndex(std::string_view id) const {
  const auto found = task_index_.find(id);
  return found == task_index_.end() ? -1 : found->second;
}

double Acceptance::Score(const AcceptanceInput& input) const {
  const std::vector<double>& weights = model_.before.weights;
  double score = bias_ + WeightedSum(embedding_weights_, input.embedding);
  size_t at = model_.dims;
  score += weights[at++] * input.closeness;
  for (const float feature : input.features) score += weights[at++] * feature;
  return score + weights[at + static_cast<size_t>(input.task)];
}

double Acceptance::Before(const AcceptanceInput& input) const {
  const bool known = input.task >= 0 && static_cast<size_t>(input.task) < model_.tasks.size();
  if (!known || input.embedding.size() != model_.dims || !(input.closeness > 0)) return 0;
  const double score = Score(input);
  return std::isfinite(score) ? model_.before_table.At(score) : 0;
}

double Acceptance::After(double p_before, const Signals& signals) const {
  const SignalInputs inputs = SignalInputsOf(std::clamp(p_before, 0.0, 1.0), signals);
  double score = model_.after.bias;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!std::isnan(inputs[i]))
      score += model_.after.weights[i] * (inputs[i] - model_.after.means[i]);
  }
  return std::isfinite(score) ? model_.after_table.At(score) : 0;
}

double Acceptance::threshold(int task) const {
  const bool known = task >= 0 && static_cast<size_t>(task) < model_.tasks.size();
  return known ? model_.tasks[static_cast<size_t>(task)].before : kNeverServed;
}

double Acceptance::after_threshold(int task) const {
  const bool known = task >= 0 && static_cast<size_t>(task) < model_.tasks.size();
  return known ? model_.tasks[static_cast<size_t>(task)].after : kNeverServed;
}

std::vector<Acceptance::Reason> Acceptance::Explain(const AcceptanceInput& input) const {
  const bool known = input.task >= 0 && static_cast<size_t>(input.task) < model_.tasks.size();
  if (!known || input.embedding.size() != model_.dims) return {};
  const LinearScore& before = model_.before;
  const auto part = [&](size_t at, double x) {
    return before.weights[at] * (x - before.means[at]);
  };
  double meaning = 0, task = 0;
  for (size_t i = 0; i < model_.dims; ++i) meaning += part(i, input.embedding[i]);
  std::vector<Reason> reasons{{"what is asked", meaning},
                              {"closeness to the task", part(model_.dims, input.closeness)}};
  size_t at = model_.dims + 1;
  for (size_t i = 0; i < kRequestFeatureCount; ++i, ++at) {
    reasons.push_back({RequestFeatureName(i), part(at, input.features[i])});
  }
  for (size_t i = 0; i < model_.tasks.size(); ++i) {
    task += part(at + i, static_cast<int>(i) == input.task ? 1 : 0);
  }
  reasons.push_back({"the task itself", task});
  std::ranges::stable_sort(reasons, std::greater<>(),
                           [](const Reason& r) { return std::abs(r.log_odds); });
  return reasons;
}

}  // namespace understudy
