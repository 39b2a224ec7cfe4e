// The learned router: rules first, then what was learned from the log.
//
// A header, an alias, a model's own name or a rule decide as RulesRouter says. What is left to the
// default, and would go to the reference, is looked at:
//
//   assign    TaskModel finds the task. Near none of them: the reference.
//   deploy    the task's deployment: a canary for its share of the sessions, else the live one.
//             None: the reference.
//   accept    Acceptance::Before gives P(its answer will be accepted). Below the task's threshold:
//   the
//             reference.
//   explore   a small share of the sessions goes to the reference all the same, so that what is
//             served is compared with it for ever. Exploring costs money, never quality: no call
//             that is below its threshold is ever given to an SLM.
//
// Shares are of sessions, by a hash: a session keeps its side for as long as a policy lasts, so a
// tool loop is not torn by them. The hash is salted with the deployment's id (canary) and the
// policy's name (exploration), so different draws are independent of each other. Requests without a
// session count as one each, by the hash of their bodies.
//
// The decision records every candidate (the chosen one first) with probability and threshold, also
// the canary or shadow that was not chosen; `propensity` is the probability of the chosen one under
// the draws, `explored` marks those sessions that exploration sent to the reference. The answer's
// own threshold, on P after generation, is acceptance().after_threshold: the verify step asks.
//
// Immutable, so shared by all threads; no lock, no network, no disk.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/acceptance.h"
#include "route/deployments.h"
#include "route/rules.h"
#include "route/task_model.h"

namespace understudy {

struct LearnedOptions {
  double explore = 0.02;  // share of the sessions that goes to the reference although an SLM could
};

class LearnedRouter final : public Router {
 public:
  // kInvalidInput where the task model and the acceptance model do not belong together (their
  // embeddings differ in size) or `explore` is no share. Deployments of tasks that the task model
  // does not know, and those that are retired, are passed over.
  static Result<LearnedRouter> Make(RulesRouter rules, std::shared_ptr<const TaskModel> tasks,
                                    std::shared_ptr<const Acceptance> acceptance,
                                    const Deployments& deployments, LearnedOptions options = {});
  // Reads the files that `deployments` names, relative ones from `workspace`. Fails as they do.
  static Result<LearnedRouter> Load(RulesRouter rules, const Deployments& deployments,
                                    const std::filesystem::path& workspace,
                                    LearnedOptions options = {});

  Result<Decision> Decide(const ChatRequest& request, const RouteHints& hints) const override;

  // P after generation, from the candidate's P before and the answer's signals, and the task's own
  // threshold for it. No opinion on decisions that rules made.
  Confidence Judge(const Decision& decision, const Candidate& candidate, const ChatRequest& request,
                   const ChatAnswer& answer) const override;

  const TaskModel& tasks() const { return *tasks_; }
  const Acceptance& acceptance() const { return *acceptance_; }
  const std::string& policy() const { return policy_; }

 private:
  struct Served {  // a deployment, as a decision names it
    std::string id, model, adapter;
    double share = 1;
  };
  struct Place {     // what is known of a task of the task model
    int index = -1;  // of Acceptance
    std::string name;
    std::optional<Served> live, canary, shadow;
  };
  // One request on its way.
  struct Turn;

  LearnedRouter(RulesRouter rules, std::shared_ptr<const TaskModel> tasks,
                std::shared_ptr<const Acceptance> acceptance)
      : rules_(std::move(rules)), tasks_(std::move(tasks)), acceptance_(std::move(acceptance)) {}
  void Learn(const ChatRequest& request, const RouteHints& hints, Decision& decision) const;
  const Served* Choose(const Place& place, uint64_t session, Turn& turn) const;
  void Settle(const Place& place, const Served& chosen, uint64_t session, Turn& turn) const;

  RulesRouter rules_;
  std::shared_ptr<const TaskModel> tasks_;
  std::shared_ptr<const Acceptance> acceptance_;
  std::vector<Place> places_;  // one a task of the task model
  LearnedOptions options_;
  std::string policy_;
};

}  // namespace understudy
