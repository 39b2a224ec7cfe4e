// P(the SLM's answer will be accepted), from what flywheel/router fitted: once before anything is
// generated, and again when the answer is there.
//
// Before: logistic regression on the request's embedding, its closeness to the task, its shape
// (request_features.h) and the task; calibrated by isotonic regression. After: logistic regression
// on that probability and the answer's signals; calibrated likewise. An SLM's answer is served
// where Before(...) >= threshold(task) and After(...) >= after_threshold(task), and verification
// passes: Learn-then-Test has shown for that rule, and for no other, what the promise says.
//
// Immutable, so shared by all threads; no allocation, no lock. Before takes about 100 ns.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "reason/signals.h"
#include "route/acceptance_model.h"
#include "route/request_features.h"

namespace understudy {

// What is known of a request before its generation.
struct AcceptanceInput {
  RequestFeatures features{};
  std::span<const float> embedding;  // dims() of them
  float closeness = 0;               // to its task, 0 to 1
  int task = -1;                     // as TaskIndex says
};

class Acceptance {
 public:
  static constexpr uint64_t kMaxFileBytes = uint64_t{16} << 20;

  // As ParseAcceptanceModel; `where` begins with the file.
  static Result<Acceptance> Load(const std::filesystem::path& file);
  static Result<Acceptance> Make(AcceptanceModel model);
  Acceptance(Acceptance&&) noexcept = default;
  Acceptance& operator=(Acceptance&&) noexcept = default;

  int TaskIndex(std::string_view id) const;  // -1 where it was not fitted for that task

  // 0, so the reference answers, for a task or an embedding that it was not fitted for, and for a
  // request that is farther from its task than any of the task's own calls (closeness 0): what the
  // probabilities were learned from says nothing of it.
  double Before(const AcceptanceInput& input) const;
  // Signals that are missing (NaN) count as the mean of those it was fitted on.
  double After(double p_before, const Signals& signals) const;

  // Above 1 where the reference answers whatever the probability.
  double threshold(int task) const;
  double after_threshold(int task) const;

  // What moved a request's log-odds before generation, strongest first: the meaning (the whole
  // embedding), its closeness, its shape, its task. Allocates; for people.
  struct Reason {
    std::string_view name;
    double log_odds;  // above 0: towards the SLM
  };
  std::vector<Reason> Explain(const AcceptanceInput& input) const;

  const std::string& policy() const { return model_.policy; }
  size_t dims() const { return model_.dims; }
  const AcceptanceModel& model() const { return model_; }

 private:
  explicit Acceptance(AcceptanceModel model);
  double Score(const AcceptanceInput& input) const;

  AcceptanceModel model_;
  std::unordered_map<std::string_view, int> task_index_;  // views of model_.tasks
  // Weights of the embedding and the bias with all means taken off, as the hot path wants them.
  std::vector<float> embedding_weights_;
  double bias_ = 0;
};

// The inputs of the two scores as they stand in the model's order: what fitting and deciding share.
using SignalInputs = std::array<double, kSignalInputs>;
SignalInputs SignalInputsOf(double p_before, const Signals& signals);  // NaN where not known

}  // namespace understudy
