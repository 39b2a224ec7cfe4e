#include "route/rules.h"

#include <cstring>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/ids.h"

namespace understudy {
namespace {

constexpr std::string_view kAliasPrefix = "understudy/";
constexpr size_t kMaxEchoedName = 100;

// All that decisions depend on, so that equal policies have equal names.
std::string PolicyName(const Options& options) {
  Options relevant;
  relevant.routing = options.routing;
  for (const ModelOptions& model : options.models) {
    relevant.models.push_back({.name = model.name, .kind = model.kind, .small = model.small});
  }
  return fmt::format("rules/{:08x}", FastHash(FormatConfig(relevant)) & 0xffffffff);
}

std::string_view WithoutAliasPrefix(std::string_view name) {
  if (name.starts_with(kAliasPrefix)) name.remove_prefix(kAliasPrefix.size());
  return name;
}

bool SystemContains(const ChatRequest& request, std::string_view text) {
  for (const Message& message : request.messages) {
    if (message.role != Role::kSystem && message.role != Role::kDeveloper) continue;
    // memmem is linear; string_view::find is not on hostile text.
    return memmem(message.text.data(), message.text.size(), text.data(), text.size()) != nullptr;
  }
  return false;
}

bool OffersOnly(const ChatRequest& request, const std::vector<std::string>& sorted_tools) {
  return !request.tools.empty() &&
         std::all_of(request.tools.begin(), request.tools.end(), [&](const Tool& tool) {
           return std::binary_search(sorted_tools.begin(), sorted_tools.end(), tool.name);
         });
}

std::string_view NameOf(ResponseFormat format) {
  switch (format) {
    case ResponseFormat::kText: return "text";
    case ResponseFormat::kJsonObject: return "json_object";
    case ResponseFormat::kJsonSchema: return "json_schema";
  }
  return "text";
}

int64_t NanosSince(Monotonic start) {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count();
}

Error UnknownName(ErrorKind kind, std::string_view name, std::string_view known) {
  Error error = InvalidInput(
      fmt::format("there is no model, task or alias \"{}\"", name.substr(0, kMaxEchoedName)));
  error.kind = kind;
  error.mend = fmt::format("Ask for one of: {}", known);
  return error;
}

}  // namespace

Result<RulesRouter> RulesRouter::Make(const Options& options) {
  RulesRouter router;
  router.policy_ = PolicyName(options);
  TRY_VOID(router.AddTargets(options));
  TRY_VOID(router.AddRules(options.routing));
  const Target* first = router.Find("reference");
  if (!first) first = router.Find("local");
  if (first) router.default_ = *first;
  return router;
}

Status RulesRouter::AddTargets(const Options& options) {
  const std::string reference = ReferenceModel(options);
  const std::string local = LocalModel(options);
  for (const ModelOptions& model : options.models) {
    const bool small = model.small || model.kind == "local";
    const Route large = model.name == reference ? Route::kReference : Route::kNamed;
    targets_[model.name] = {.model = model.name, .route = small ? Route::kLocal : large};
  }
  TRY_VOID(AddName("reference", reference, "routing.reference"));
  TRY_VOID(AddName("local", local, "routing.local"));
  if (!reference.empty()) targets_["reference"].route = Route::kReference;
  if (!local.empty()) targets_["local"].route = Route::kLocal;
  for (const TaskOptions& task : options.routing.tasks) {
    const std::string name = "task:" + task.name;
    TRY_VOID(AddName(name, task.model, "routing.tasks[].model"));
    targets_[name].task = task.name;
    targets_[name].deployment = task.adapter;
  }
  return {};
}

Status RulesRouter::AddName(const std::string& name, const std::string& model,
                            std::string_view key) {
  if (model.empty()) return {};
  const Target* target = Find(model);
  if (!target) return Fail(InvalidInput(fmt::format("there is no model \"{}\"", model)).At(key));
  targets_[name] = Target(*target);
  return {};
}

Status RulesRouter::AddRules(const RoutingOptions& routing) {
  for (const RouteRule& rule : routing.rules) {
    const Target* target = Find(rule.to);
    if (!target) {
      return Fail(UnknownName(ErrorKind::kInvalidInput, rule.to, KnownNames())
                      .At(fmt::format("routing.rules, rule \"{}\"", rule.name)));
    }
    rules_.push_back({rule, *target, "rule:" + rule.name});
    std::sort(rules_.back().conditions.tools.begin(), rules_.back().conditions.tools.end());
  }
  return {};
}

const RulesRouter::Target* RulesRouter::Find(std::string_view name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : &found->second;
}

Result<Decision> RulesRouter::Decide(const ChatRequest& request, const RouteHints& hints) const {
  const Monotonic start = std::chrono::steady_clock::now();
  TRY(const Choice choice, Choose(request, hints));
  Decision decision;
  decision.policy = policy_;
  decision.task = choice.target->task;
  decision.candidates.push_back(
      {.model = choice.target->model, .deployment = choice.target->deployment});
  decision.chosen = choice.target->model;
  decision.route = choice.target->route;
  decision.reason = choice.reason;
  decision.took_ns = NanosSince(start);
  return decision;
}

Result<RulesRouter::Choice> RulesRouter::Choose(const ChatRequest& request,
                                                const RouteHints& hints) const {
  const std::string_view asked = WithoutAliasPrefix(hints.route_header);
  if (asked == "auto") return ByRules(request, hints);
  if (!hints.route_header.empty()) {
    if (const Target* target = Find(asked)) return Choice{target, "header"};
    return Fail(
        UnknownName(ErrorKind::kInvalidInput, asked, KnownNames()).At("x-understudy-route"));
  }
  const bool is_alias = request.model.starts_with(kAliasPrefix);
  if (is_alias && WithoutAliasPrefix(request.model) != "auto") {
    const std::string_view name = WithoutAliasPrefix(request.model);
    if (const Target* target = Find(name)) return Choice{target, "alias"};
    return Fail(UnknownName(ErrorKind::kNotFound, request.model, KnownNames())
                    .Code("model_not_found")
                    .Param("model"));
  }
  if (const Target* target = Find(request.model); target && target->model == request.model) {
    return Choice{target, "model"};
  }
  return ByRules(request, hints);
}

Result<RulesRouter::Choice> RulesRouter::ByRules(const ChatRequest& request,
                                                 const RouteHints& hints) const {
  for (const Rule& rule : rules_) {
    if (Holds(rule.conditions, request, hints)) return Choice{&rule.target, rule.reason};
  }
  if (default_) return Choice{&*default_, kDefaultReason};
  Error error = Unavailable("no model is configured");
  error.source = ErrorSource::kInternal;
  error.retryable = false;
  return Fail(std::move(error).Mend("Add a [[models]] table to config.toml"));
}

// The cheap conditions first.
bool RulesRouter::Holds(const RouteRule& rule, const ChatRequest& request,
                        const RouteHints& hints) {
  const auto bytes = static_cast<int64_t>(request.body.size());
  if (rule.max_bytes > 0 && bytes > rule.max_bytes) return false;
  if (bytes < rule.min_bytes) return false;
  if (!rule.agent.empty() && rule.agent != hints.agent) return false;
  if (!rule.model.empty() && rule.model != request.model) return false;
  if (!rule.response_format.empty() && rule.response_format != NameOf(request.response_format)) {
    return false;
  }
  if (!rule.tools.empty() && !OffersOnly(request, rule.tools)) return false;
  return rule.system_contains.empty() || SystemContains(request, rule.system_contains);
}

std::string RulesRouter::KnownNames() const {
  std::vector<std::string> names{"auto"};
  for (const auto& [name, target] : targets_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace understudy
