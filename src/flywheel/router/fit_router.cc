#include "flywheel/router/fit_router.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/ids.h"
#include "flywheel/router/probability_fit.h"
#include "route/acceptance.h"

namespace understudy {
namespace {

constexpr size_t kEnoughToFitOn = 200;
constexpr int64_t kTimesNeeded = 3;  // rows that a promise takes: enough to test with
constexpr size_t kCurvePoints = 20;
constexpr double kIntervalConfidence = 0.95;

double Share(uint64_t hash) {
  return static_cast<double>(hash >> 11) * 0x1p-53;
}
uint64_t HashOf(uint64_t number, uint64_t seed) {
  return FastHash({reinterpret_cast<const char*>(&number), sizeof number}, seed);
}

// A row that tests the promise.
struct Tried {
  uint32_t row = 0;
  double before = 0, after = 0;
  size_t served_from = 0;
};

class Fitting {
 public:
  Fitting(const RouterData& data, const RouterFitOptions& options)
      : data_(data), options_(options), tasks_(data.tasks) {
    report_.promise = options.promise;
    report_.by_group = options.by_group;
  }

  Result<RouterFit> Run(const std::function<bool(double)>& step) {
    Split();
    LeaveOutScarceTasks();
    Thin();
    const UsedRows used = RowsToFitOn(data_, fit_rows_, options_.seed);
    TRY(ProbabilityFit fit, FitProbabilities(data_, used, step));
    policies_ = MakePolicies(fit.before, fit.after, options_.Limits());
    TRY(const Acceptance acceptance, Acceptance::Make(fit.model));
    for (const uint32_t row : test_rows_) tried_.push_back(Try(acceptance, row));
    const SequenceTest test = TestInSequence(Losses(tried_), policies_.size(), options_.promise);
    Choose(test, fit);
    Report(test, fit, used);
    fit.model.policy = PolicyName(fit.model);
    return RouterFit{std::move(fit.model), std::move(report_)};
  }

 private:
  void Split() {
    std::vector<uint32_t> held_back;
    for (uint32_t i = 0; i < data_.rows.size(); ++i) {
      const RouterRow& row = data_.rows[i];
      report_.strayed += row.assigned != row.task;
      (row.calib ? held_back : fit_rows_).push_back(i);
    }
    const bool enough = fit_rows_.size() >= kEnoughToFitOn;
    for (const uint32_t i : held_back) {
      const bool joins = !enough && HashOf(data_.rows[i].group, options_.seed + 1) % 3 == 0;
      (joins ? fit_rows_ : test_rows_).push_back(i);
    }
  }

  // The share of a task's held-back calls that were answered; 0 where it may not be served.
  std::vector<double> AnsweredShares() const {
    std::vector<double> shares(tasks_.size(), 0);
    for (size_t t = 0; t < tasks_.size(); ++t) {
      if (tasks_[t].why.empty() && held_back_[t] > 0) shares[t] = held_back_[t] / AllCalls(t);
    }
    return shares;
  }

  // The share of each task's calls that the test can have: the least at which rows enough are left
  // (so that as much of the traffic as can be is covered), else the one that leaves most.
  double ShareToTest(const std::vector<double>& shares) const {
    const int64_t enough = kTimesNeeded * RowsNeeded(0, options_.promise).value_or(1);
    double best = 1, best_rows = -1;
    std::vector<double> candidates = shares;
    std::ranges::sort(candidates);
    for (const double share : candidates) {
      double rows = 0;
      for (size_t t = 0; t < tasks_.size(); ++t) {
        if (shares[t] >= share) rows += share * AllCalls(t);
      }
      if (share <= 0 || rows <= best_rows) continue;
      best = share;
      best_rows = rows;
      if (rows >= static_cast<double>(enough)) break;
    }
    return best;
  }

  double AllCalls(size_t task) const {
    return std::max(held_back_[task], static_cast<double>(tasks_[task].calib_rows));
  }

  void LeaveOutScarceTasks() {
    held_back_.assign(tasks_.size(), 0);
    for (const RouterRow& row : data_.rows) {
      if (row.calib) ++held_back_[static_cast<size_t>(row.task)];
    }
    const std::vector<double> shares = AnsweredShares();
    tested_share_ = ShareToTest(shares);
    for (size_t t = 0; t < tasks_.size(); ++t) {
      if (!tasks_[t].why.empty()) continue;
      if (shares[t] == 0) {
        tasks_[t].why = "none of its held-back calls was answered by an SLM";
      } else if (shares[t] < tested_share_) {
        tasks_[t].why = fmt::format("only {:.0f} % of its held-back calls were answered by an SLM",
                                    100 * shares[t]);
      }
    }
  }

  // Tasks as they come in the log, and one row a group where that is asked for.
  void Thin() {
    const std::vector<double> shares = AnsweredShares();
    std::vector<uint32_t> kept;
    for (const uint32_t i : test_rows_) {
      const auto t = static_cast<size_t>(data_.rows[i].task);
      if (!tasks_[t].why.empty()) continue;
      const double place = Share(FastHash(data_.rows[i].id, options_.seed + 2));
      if (place < tested_share_ / shares[t]) {
        kept.push_back(i);
      } else {
        ++report_.left_out;
      }
    }
    test_rows_ = std::move(kept);
    const std::vector<uint32_t> single = OneAGroup();
    report_.groups = std::ssize(single);
    single_.insert(single.begin(), single.end());
    if (!options_.by_group) return;
    report_.left_out += std::ssize(test_rows_) - std::ssize(single);
    test_rows_ = single;
  }

  std::vector<uint32_t> OneAGroup() const {
    std::unordered_map<uint64_t, uint32_t> chosen;  // by what no answer has a part in
    const auto place = [&](uint32_t i) { return FastHash(data_.rows[i].id, options_.seed + 3); };
    for (const uint32_t i : test_rows_) {
      const auto [at, fresh] = chosen.emplace(data_.rows[i].group, i);
      if (!fresh && place(i) < place(at->second)) at->second = i;
    }
    std::vector<uint32_t> rows;
    for (const uint32_t i : test_rows_) {
      if (chosen.at(data_.rows[i].group) == i) rows.push_back(i);
    }
    return rows;
  }

  Tried Try(const Acceptance& acceptance, uint32_t i) const {
    const RouterRow& row = data_.rows[i];
    Tried tried{.row = i, .served_from = policies_.size()};
    const bool may = row.assigned >= 0 && tasks_[static_cast<size_t>(row.assigned)].why.empty();
    tried.before = acceptance.Before({.features = row.features,
                                      .embedding = data_.Embedding(i),
                                      .closeness = row.closeness,
                                      .task = row.assigned});
    if (!row.passed) return tried;
    tried.after = acceptance.After(tried.before, row.signals);
    if (!may) return tried;
    const auto serving = std::ranges::find_if(policies_, [&](const Policy& policy) {
      return tried.before >= policy.before && tried.after >= policy.after;
    });
    tried.served_from = static_cast<size_t>(serving - policies_.begin());
    return tried;
  }

  bool Right(uint32_t i) const {
    const RouterRow& row = data_.rows[i];
    return row.right && row.assigned == row.task;
  }

  std::vector<TestRow> Losses(const std::vector<Tried>& tried) const {
    std::vector<TestRow> rows;
    for (const Tried& one : tried) rows.push_back({one.served_from, Right(one.row)});
    return rows;
  }

  void Choose(const SequenceTest& test, ProbabilityFit& fit) {
    fit.model.worse = options_.promise.worse;
    fit.model.sure = options_.promise.sure;
    if (test.loosest && test.policies[*test.loosest].served > 0) chosen_ = test.loosest;
    report_.held = fit.model.held = chosen_.has_value();
    if (!chosen_) SayWhatIsNeeded(test);
    for (size_t t = 0; t < tasks_.size(); ++t) {
      TaskThresholds& task = fit.model.tasks[t];
      task.why = tasks_[t].why.empty() ? report_.why : tasks_[t].why;
      if (!chosen_ || !tasks_[t].why.empty()) continue;
      task.before = std::min(policies_[*chosen_].before, kNeverServed);
      task.after = policies_[*chosen_].after;
    }
  }

  void SayWhatIsNeeded(const SequenceTest& test) {
    report_.needed_if_right = RowsNeeded(0, options_.promise).value_or(0);
    const double all = static_cast<double>(std::max<int64_t>(1, test.rows));
    for (const PolicyTest& policy : test.policies) {
      const double loss = static_cast<double>(policy.wrong) / all;
      if (policy.served == 0 || loss > options_.promise.worse / 2) continue;
      report_.needed_as_seen = RowsNeeded(loss, options_.promise);
    }
    if (test.rows < report_.needed_if_right) {
      report_.why = fmt::format("{} calls cannot support the promise: it takes {} without an error",
                                test.rows, report_.needed_if_right);
    } else if (test.policies.back().served == 0) {
      report_.why =
          fmt::format("no answer is likelier than {:.2f} to be right", policies_.back().after);
    } else {
      report_.why = "of the likeliest answers too many are wrong";
    }
  }

  void Report(const SequenceTest& test, const ProbabilityFit& fit, const UsedRows& used) {
    report_.fitted = std::ssize(used.rows);
    report_.rows = test.rows;
    report_.before_l2 = fit.before_l2;
    report_.after_l2 = fit.after_l2;
    const int64_t wrong = chosen_ ? test.policies[*chosen_].wrong : 0;
    report_.loss_at_most = BinomialUpper(wrong, test.rows, options_.promise.sure);
    if (chosen_) report_.p_value = test.policies[*chosen_].p_value;
    ReportTasks(fit, used);
    ReportGroups();
    ReportCurve(test);
    ReportQuality();
  }

  bool Served(const Tried& tried) const { return chosen_ && tried.served_from <= *chosen_; }

  void ReportTasks(const ProbabilityFit& fit, const UsedRows& used) {
    for (const TaskThresholds& task : fit.model.tasks) {
      report_.tasks.push_back({.id = task.id,
                               .name = task.name,
                               .why = task.why,
                               .before = task.before,
                               .after = task.after});
    }
    for (const uint32_t i : used.rows) {
      ++report_.tasks[static_cast<size_t>(data_.rows[i].task)].fitted;
    }
    for (const Tried& tried : tried_) {
      RouterReport::Task& task = report_.tasks[static_cast<size_t>(data_.rows[tried.row].task)];
      const bool asked = chosen_ && data_.rows[tried.row].assigned >= 0 &&
                         tried.before >= policies_[*chosen_].before;
      ++task.rows;
      task.right += Right(tried.row);
      task.tried += asked;
      task.served += Served(tried);
      task.wrong += Served(tried) && !Right(tried.row);
    }
    for (RouterReport::Task& task : report_.tasks) {
      task.error = BinomialInterval(task.wrong, task.served, kIntervalConfidence);
      report_.tried += task.tried;
      report_.served += task.served;
      report_.wrong += task.wrong;
    }
  }

  void ReportGroups() {
    if (!chosen_) return;
    int64_t rows = 0, wrong = 0;
    for (const Tried& tried : tried_) {
      if (!single_.contains(tried.row)) continue;
      ++rows;
      wrong += Served(tried) && !Right(tried.row);
    }
    report_.p_value_by_group = BinomialCdf(wrong, rows, options_.promise.worse);
  }

  void ReportCurve(const SequenceTest& test) {
    const size_t count = test.policies.size();
    for (size_t k = 0; k < kCurvePoints && count > 0; ++k) {
      const size_t i = k * (count - 1) / (kCurvePoints - 1);
      report_.curve.push_back({policies_[i], test.policies[i]});
    }
  }

  ProbabilityQuality Quality(bool after) const {
    ProbabilityQuality quality;
    std::vector<std::pair<double, bool>> pairs;
    for (const Tried& tried : tried_) {
      const bool passed = data_.rows[tried.row].passed;
      if (after && !passed) continue;
      pairs.emplace_back(after ? tried.after : tried.before, passed && Right(tried.row));
    }
    if (pairs.empty()) return quality;
    std::ranges::sort(pairs);
    double rights = 0, ranks = 0;
    for (size_t i = 0; i < pairs.size();) {
      size_t end = i;
      while (end < pairs.size() && pairs[end].first == pairs[i].first) ++end;
      const double rank = 0.5 * static_cast<double>(i + end - 1);
      for (; i < end; ++i) {
        const auto [p, right] = pairs[i];
        quality.brier += (p - right) * (p - right);
        quality.mean += p;
        rights += right;
        ranks += right ? rank : 0;
      }
    }
    const double all = static_cast<double>(pairs.size()), wrongs = all - rights;
    if (rights > 0 && wrongs > 0) {
      quality.auc = (ranks - rights * (rights - 1) / 2) / (rights * wrongs);
    }
    quality.brier /= all;
    quality.mean /= all;
    quality.share = rights / all;
    return quality;
  }

  void ReportQuality() {
    report_.before = Quality(false);
    report_.after = Quality(true);
  }

  const RouterData& data_;
  const RouterFitOptions& options_;
  std::vector<RouterTask> tasks_;
  std::vector<double> held_back_;  // answered rows of calib, a task
  double tested_share_ = 1;        // of each task's held-back calls
  std::vector<uint32_t> fit_rows_, test_rows_;
  std::unordered_set<uint32_t> single_;  // of test_rows_, one a group
  std::vector<Policy> policies_;
  std::vector<Tried> tried_;
  std::optional<size_t> chosen_;
  RouterReport report_;
};

}  // namespace

PolicyLimits RouterFitOptions::Limits() const {
  PolicyLimits limits{.least = least, .keep = keep};
  if (least < 0) limits.least = std::max(0.5, 1 - 4 * promise.worse);
  return limits;
}

Result<RouterFit> FitRouter(const RouterData& data, const RouterFitOptions& options,
                            const std::function<bool(double)>& step) {
  return Fitting(data, options).Run(step);
}

}  // namespace understudy
