#include "route/learned_router.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/ids.h"

namespace understudy {
namespace {

constexpr std::string_view kExploreSalt = "explore";

// A header and a log line carry it.
std::string PlainName(std::string_view name) {
  std::string plain(name);
  std::ranges::replace_if(plain, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return plain;
}

// Where a session stands in a draw, evenly from 0 to 1.
double PlaceIn(std::string_view draw, uint64_t session) {
  return static_cast<double>(FastHash(draw, session) >> 11) * 0x1p-53;
}

uint64_t SessionHash(const ChatRequest& request, const RouteHints& hints) {
  return FastHash(hints.session.empty() ? std::string_view(request.body) : hints.session);
}

std::filesystem::path From(const std::filesystem::path& workspace, const std::string& path) {
  return workspace / path;  // an absolute path stays
}

int64_t NanosSince(Monotonic start) {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count();
}

}  // namespace

struct LearnedRouter::Turn {
  Decision& decision;
  double probability = 0, threshold = kNeverServed;
  double propensity = 1;

  Candidate As(const Served& served) const {
    return {.model = served.model,
            .deployment = served.adapter,
            .probability = probability,
            .threshold = threshold};
  }
  template <class... Args>
  void Reason(fmt::format_string<Args...> text, Args&&... args) {
    decision.reason = "learned: ";
    fmt::format_to(std::back_inserter(decision.reason), text, std::forward<Args>(args)...);
  }
};

Result<LearnedRouter> LearnedRouter::Make(RulesRouter rules, std::shared_ptr<const TaskModel> tasks,
                                          std::shared_ptr<const Acceptance> acceptance,
                                          const Deployments& deployments, LearnedOptions options) {
  if (acceptance->dims() != kEmbeddingSize) {
    return Fail(InvalidInput(fmt::format("the router was fitted on embeddings of {} numbers, the "
                                         "task model has {}",
                                         acceptance->dims(), kEmbeddingSize))
                    .At(deployments.router)
                    .Mend("Fit the router again: understudy router fit"));
  }
  if (!(options.explore >= 0 && options.explore <= 1)) {
    return Fail(InvalidInput("the share that explores lies from 0 to 1"));
  }
  LearnedRouter router(std::move(rules), std::move(tasks), std::move(acceptance));
  router.options_ = options;
  router.policy_ = deployments.policy.empty() ? router.acceptance_->policy() : deployments.policy;
  for (const TaskInfo& task : router.tasks_->tasks()) {
    Place place{.index = router.acceptance_->TaskIndex(task.id), .name = PlainName(task.name)};
    const auto served = [&](DeploymentStage stage) -> std::optional<Served> {
      const Deployment* found = deployments.Of(task.id, stage);
      if (!found) return std::nullopt;
      return Served{found->id, found->model, found->adapter, found->share};
    };
    place.live = served(DeploymentStage::kLive);
    place.canary = served(DeploymentStage::kCanary);
    place.shadow = served(DeploymentStage::kShadow);
    router.places_.push_back(std::move(place));
  }
  return router;
}

Result<LearnedRouter> LearnedRouter::Load(RulesRouter rules, const Deployments& deployments,
                                          const std::filesystem::path& workspace,
                                          LearnedOptions options) {
  TRY(TaskModel tasks, TaskModel::Load(From(workspace, deployments.tasks)));
  TRY(Acceptance acceptance, Acceptance::Load(From(workspace, deployments.router)));
  return Make(std::move(rules), std::make_shared<const TaskModel>(std::move(tasks)),
              std::make_shared<const Acceptance>(std::move(acceptance)), deployments, options);
}

Result<Decision> LearnedRouter::Decide(const ChatRequest& request, const RouteHints& hints) const {
  const Monotonic start = std::chrono::steady_clock::now();
  TRY(Decision decision, rules_.Decide(request, hints));
  if (decision.route != Route::kReference || decision.reason != kDefaultReason) return decision;
  Learn(request, hints, decision);
  decision.took_ns = NanosSince(start);
  return decision;
}

void LearnedRouter::Learn(const ChatRequest& request, const RouteHints& hints,
                          Decision& decision) const {
  static thread_local TaskModel::Scratch scratch;
  Turn turn{.decision = decision};
  decision.policy = policy_;
  const TaskModel::Assignment assigned = tasks_->Assign(request, scratch);
  if (assigned.task < 0) return turn.Reason("near no task");
  const Place& place = places_[static_cast<size_t>(assigned.task)];
  decision.task = tasks_->tasks()[static_cast<size_t>(assigned.task)].id;
  if (!place.live && !place.canary && !place.shadow) {
    return turn.Reason("{} is not deployed", place.name);
  }
  turn.threshold = acceptance_->threshold(place.index);
  turn.probability = acceptance_->Before({.features = FeaturesOf(request),
                                          .embedding = assigned.embedding,
                                          .closeness = assigned.closeness,
                                          .task = place.index});
  const uint64_t session = SessionHash(request, hints);
  const Served* chosen = Choose(place, session, turn);
  if (!chosen) return;
  if (turn.threshold > 1) {
    decision.candidates.push_back(turn.As(*chosen));
    return turn.Reason("{} keeps no promise yet", place.name);
  }
  if (!(assigned.closeness > 0)) {
    decision.candidates.push_back(turn.As(*chosen));
    return turn.Reason("{} was never asked like this", place.name);
  }
  if (turn.probability < turn.threshold) {
    decision.candidates.push_back(turn.As(*chosen));
    return turn.Reason("{} {:.2f} < {:.2f}", place.name, turn.probability, turn.threshold);
  }
  Settle(place, *chosen, session, turn);
}

// The deployment that this session may get, null for none. The canary comes before what is live: it
// is there to take its place.
const LearnedRouter::Served* LearnedRouter::Choose(const Place& place, uint64_t session,
                                                   Turn& turn) const {
  if (place.canary) {
    const double share = place.canary->share;
    const bool drawn = PlaceIn(place.canary->id, session) < share;
    if (drawn || place.live) {
      turn.propensity = drawn ? share : 1 - share;
      return drawn ? &*place.canary : &*place.live;
    }
    turn.decision.candidates.push_back(turn.As(*place.canary));
    // Below the threshold the reference is certain, whatever the draw.
    const bool could = turn.probability >= turn.threshold;
    turn.decision.propensity = could ? 1 - share * (1 - options_.explore) : 1;
    turn.Reason("{} is outside the canary's {:.0f} %", place.name, 100 * share);
    return nullptr;
  }
  if (place.live) return &*place.live;
  turn.decision.candidates.push_back(turn.As(*place.shadow));
  turn.Reason("{} is in the shadow", place.name);
  return nullptr;
}

// The call may be the SLM's: explore, or give it away.
void LearnedRouter::Settle(const Place& place, const Served& chosen, uint64_t session,
                           Turn& turn) const {
  Decision& decision = turn.decision;
  const bool alone = !place.canary || place.live;  // no other draw sends it to the reference
  const double explored_chance =
      alone ? options_.explore : 1 - place.canary->share * (1 - options_.explore);
  if (PlaceIn(policy_, session ^ FastHash(kExploreSalt)) < options_.explore) {
    decision.explored = true;
    decision.propensity = explored_chance;
    decision.candidates.push_back(turn.As(chosen));
    return turn.Reason("{} explores", place.name);
  }
  decision.candidates.insert(decision.candidates.begin(), turn.As(chosen));
  decision.chosen = chosen.model;
  decision.route = Route::kLocal;
  decision.propensity = turn.propensity * (1 - options_.explore);
  turn.Reason("{} {:.2f} >= {:.2f}", place.name, turn.probability, turn.threshold);
}

Confidence LearnedRouter::Judge(const Decision& decision, const Candidate& candidate,
                                const ChatRequest& request, const ChatAnswer& answer) const {
  const int task = decision.policy == policy_ ? acceptance_->TaskIndex(decision.task) : -1;
  if (task < 0) return {};
  return {.probability = acceptance_->After(candidate.probability, SignalsOf(request, answer)),
          .threshold = acceptance_->after_threshold(task)};
}

}  // namespace understudy
