// `understudy router explain`: why a request would go where it goes.
#include "base/file.h"
#include "chat/exchange_json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "route/acceptance.h"
#include "route/deployments.h"
#include "route/task_model.h"

namespace understudy {
namespace {

constexpr size_t kShownReasons = 8;

struct ExplainFlags {
  std::string router, tasks, in, workspace;
  bool json = false;
};

// What was not named is what the workspace has deployed.
Status FillIn(ExplainFlags& flags) {
  for (const std::string& path : {flags.router, flags.tasks, flags.in}) {
    if (!path.empty() && path != "-" && !Exists(path)) {
      return Fail(NotFound("there is no file or folder " + path));
    }
  }
  if (!flags.router.empty() && !flags.tasks.empty()) return {};
  TRY(const std::filesystem::path workspace, LocateWorkspace(flags.workspace));
  const std::filesystem::path file = DeploymentsPath(workspace);
  TRY(const Deployments deployed, LoadDeployments(file));
  const auto fill = [&](std::string& flag, const std::string& path) {
    if (flag.empty() && !path.empty()) flag = (workspace / path).string();
    return !flag.empty();
  };
  if (fill(flags.router, deployed.router) && fill(flags.tasks, deployed.tasks)) return {};
  return Fail(NotFound("no router is deployed")
                  .At(file.string())
                  .Mend("Name --router FILE and --tasks DIR."));
}

// A request body, or an exchange line of which the request counts.
Result<ChatRequest> ReadRequest(const std::string& file) {
  TRY(const std::string text, ReadFile(file, uint64_t{64} << 20));
  TRY(const json::value value, ParseJson(text));
  if (!Find(value, "request")) return ParseChatRequest(text);
  TRY(Exchange exchange, ParseExchangeLine(json::serialize(value)));
  return ParseChatRequest(std::move(exchange.request));
}

struct Explained {
  const TaskInfo* task = nullptr;  // null: near none
  double closeness = 0, probability = 0, before = kNeverServed, after = kNeverServed;
  std::string why;
  std::vector<Acceptance::Reason> reasons;

  bool tried() const { return task && probability >= before; }
};

Explained Explain(const TaskModel& tasks, const Acceptance& acceptance,
                  const ChatRequest& request) {
  TaskModel::Scratch scratch;
  const TaskModel::Assignment assigned = tasks.Assign(request, scratch);
  Explained explained{.closeness = assigned.closeness};
  if (assigned.task < 0) return explained;
  explained.task = &tasks.tasks()[static_cast<size_t>(assigned.task)];
  const int index = acceptance.TaskIndex(explained.task->id);
  const AcceptanceInput input{.features = FeaturesOf(request),
                              .embedding = assigned.embedding,
                              .closeness = assigned.closeness,
                              .task = index};
  explained.probability = acceptance.Before(input);
  explained.before = acceptance.threshold(index);
  explained.after = acceptance.after_threshold(index);
  explained.reasons = acceptance.Explain(input);
  explained.why = index < 0 ? "the router was not fitted for this task"
                            : acceptance.model().tasks[static_cast<size_t>(index)].why;
  return explained;
}

json::object ToJson(const Explained& explained, const Acceptance& acceptance) {
  json::object out{
      {"policy", acceptance.policy()}, {"task", nullptr}, {"tried", explained.tried()}};
  if (!explained.task) return out;
  json::array reasons;
  for (const Acceptance::Reason& reason : explained.reasons) {
    reasons.push_back({{"name", reason.name}, {"log_odds", reason.log_odds}});
  }
  out["task"] = {{"id", explained.task->id}, {"name", explained.task->name}};
  out["closeness"] = explained.closeness;
  out["probability"] = explained.probability;
  out["before"] = explained.before;
  out["after"] = explained.after;
  if (!explained.why.empty()) out["why"] = explained.why;
  out["reasons"] = std::move(reasons);
  return out;
}

void Print(const Explained& explained, const Acceptance& acceptance, Console& console) {
  if (!explained.task) {
    console.Out("The reference answers: the request is near no task.\n");
    return;
  }
  console.Out(fmt::format("task         {} ({})\ncloseness    {:.2f}\nprobability  {:.3f}\n",
                          Printable(explained.task->name), explained.task->id, explained.closeness,
                          explained.probability));
  if (explained.before > 1) {
    console.Out(fmt::format("\nThe reference answers every call of this task: {}.\n",
                            Printable(explained.why)));
  } else if (!explained.tried()) {
    console.Out(fmt::format("\nThe reference answers: {:.3f} is below the threshold of {:.3f}.\n",
                            explained.probability, explained.before));
  } else {
    console.Out(fmt::format(
        "\nThe SLM is asked: {:.3f} reaches the threshold of {:.3f}. Its answer is served where "
        "its own probability reaches {:.3f}.\n",
        explained.probability, explained.before, explained.after));
  }
  console.Out("\n");
  Table table({{"log-odds", Table::Align::kRight}, {"by"}});
  for (size_t i = 0; i < std::min(kShownReasons, explained.reasons.size()); ++i) {
    const Acceptance::Reason& reason = explained.reasons[i];
    table.Add({fmt::format("{:+.2f}", reason.log_odds), std::string(reason.name)});
  }
  table.Print(console);
  console.Out(fmt::format("\n{}\n", acceptance.policy()));
}

Result<ExitCode> RunExplain(ExplainFlags flags, Console& console) {
  TRY_VOID(FillIn(flags));
  TRY(const Acceptance acceptance, Acceptance::Load(flags.router));
  TRY(const TaskModel tasks, TaskModel::Load(flags.tasks));
  TRY(const ChatRequest request, ReadRequest(flags.in));
  const Explained explained = Explain(tasks, acceptance, request);
  if (flags.json) {
    console.Out(json::serialize(ToJson(explained, acceptance)) + '\n');
  } else {
    Print(explained, acceptance, console);
  }
  return ExitCode::kOk;
}

}  // namespace

Action DefineRouterExplain(CLI::App& app) {
  const auto flags = std::make_shared<ExplainFlags>();
  AddValue(app, "--in", flags->in, "FILE", "a request, or one exchange of which the request counts")
      ->required();
  AddValue(app, "--router", flags->router, "FILE",
           "router.json of understudy router fit (default: what is deployed)");
  AddValue(app, "--tasks", flags->tasks, "DIR",
           "what understudy cluster wrote (default: what is deployed)");
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy router explain --router router.json --tasks tasks --in request.json");
  return [flags](Console& console) { return RunExplain(*flags, console); };
}

}  // namespace understudy
