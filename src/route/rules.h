// Routing by rules from the config: the first rule whose every condition holds decides.
// No network, no disk, no lock; a few hundred nanoseconds to a few microseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/options.h"
#include "chat/exchange.h"
#include "chat/request.h"

namespace understudy {

// What a request says of itself beside its body.
struct RouteHints {
  std::string_view agent;         // x-understudy-agent
  std::string_view route_header;  // x-understudy-route: auto, local, reference, task:NAME, model
  std::string_view session;       // the exchange's session: one side of a shared-out traffic each
};

// The reason of a decision that nothing but the default made.
inline constexpr std::string_view kDefaultReason = "default";

// What a router makes of an SLM's answer once it is there.
struct Confidence {
  double probability = 1;  // that the answer is as good as the reference's
  double threshold = 0;    // below it, the reference answers
  bool enough() const { return probability >= threshold; }
};

// Who answers. Immutable, so shared by all threads.
class Router {
 public:
  virtual ~Router() = default;
  virtual Result<Decision> Decide(const ChatRequest& request, const RouteHints& hints) const = 0;

  // The second look: `answer` is what that candidate of `decision` (a shadow, perhaps, not the
  // chosen) said, and has passed verification. Enough, where a router has no opinion.
  virtual Confidence Judge([[maybe_unused]] const Decision& decision,
                           [[maybe_unused]] const Candidate& candidate,
                           [[maybe_unused]] const ChatRequest& request,
                           [[maybe_unused]] const ChatAnswer& answer) const {
    return {};
  }
};

// Order: x-understudy-route header; alias in `model` ("understudy/auto", "understudy/local",
// "understudy/reference", "understudy/task:NAME", or a configured model's own name); rules;
// default. "auto" goes straight to the rules, and so does a `model` that is no name of ours: agents
// ask for "gpt-4o" whatever answers them. A task's name resolves through RoutingOptions::tasks: its
// adapter is the candidate's deployment. The default is the reference, as nothing is known to be
// learned yet; where there is none, the local model. Immutable, so shared by all threads.
class RulesRouter final : public Router {
 public:
  // kInvalidInput, naming the config key, for a rule or task whose model does not exist.
  static Result<RulesRouter> Make(const Options& options);

  // kNotFound (code model_not_found) for "understudy/NAME" and kInvalidInput for a header that name
  // nothing we have, with the names it could have been; kUnavailable where no model is configured.
  Result<Decision> Decide(const ChatRequest& request, const RouteHints& hints) const override;

 private:
  // What a name stands for.
  struct Target {
    std::string model;
    std::string deployment;  // the adapter of a task
    std::string task;
    Route route = Route::kReference;
  };
  struct Rule {
    RouteRule conditions;  // its tools sorted
    Target target;
    std::string reason;  // "rule:NAME"
  };
  struct Choice {
    const Target* target;
    std::string_view reason;
  };
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  RulesRouter() = default;
  Status AddTargets(const Options& options);
  Status AddName(const std::string& name, const std::string& model, std::string_view key);
  Status AddRules(const RoutingOptions& routing);
  const Target* Find(std::string_view name) const;
  Result<Choice> Choose(const ChatRequest& request, const RouteHints& hints) const;
  Result<Choice> ByRules(const ChatRequest& request, const RouteHints& hints) const;
  static bool Holds(const RouteRule& rule, const ChatRequest& request, const RouteHints& hints);
  std::string KnownNames() const;

  std::string policy_;  // "rules/" + 8 hex digits of all that decisions depend on
  // By "local", "reference", "task:NAME" and the models' names, which cannot be those.
  std::unordered_map<std::string, Target, NameHash, std::equal_to<>> targets_;
  std::vector<Rule> rules_;
  std::optional<Target> default_;  // none without models
};

}  // namespace understudy
