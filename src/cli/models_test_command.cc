// `understudy models test`: one small chat request to one model.
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "chat/exchange.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/net_task.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "models/registry.h"
#include "reason/verify.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

struct TestFlags {
  std::string workspace, name, as, timeout = "60s";
  std::string prompt = "Answer with one word: ready";
  int64_t max_tokens = 32;
  bool json = false;
};

struct Trial {
  Result<ChatAnswer> answer = ChatAnswer();
  Verdict verdict;
  double cost_usd = 0;
  int64_t took_us = 0;
};

// The options with this one model alone: no other is started for the test.
Result<Options> OnlyThis(Options options, const std::string& name) {
  const auto wanted = std::ranges::find(options.models, name, &ModelOptions::name);
  if (wanted == options.models.end()) {
    return Fail(NotFound("there is no model " + name)
                    .At(ConfigPath(options.workspace).string())
                    .Mend("understudy models list shows those there are."));
  }
  options.models = {ModelOptions(*wanted)};
  options.routing = RoutingOptions();
  return options;
}

Result<ChatRequest> RequestFor(const TestFlags& flags, const ModelOptions& model) {
  if (flags.as.empty() && model.kind == "openai" && model.model.empty()) {
    return Fail(UsageError(fmt::format("{} takes the name that the client asks for", model.name))
                    .Mend("Say which: --as gpt-4o-mini"));
  }
  const json::object body{
      {"model", flags.as.empty() ? model.name : flags.as},
      {"messages", json::array{json::object{{"role", "user"}, {"content", flags.prompt}}}},
      {"max_tokens", flags.max_tokens}};
  return ParseChatRequest(json::serialize(body));
}

// A local model's server takes a moment to start.
Status AwaitReady(const Model& model, Monotonic until) {
  for (;;) {
    const ModelHealth health = model.health();
    if (health.state == ModelState::kReady) return {};
    if (health.state == ModelState::kDown) return Fail(Unavailable(health.detail));
    if (Clock::System().Now() >= until) return Fail(Timeout("the model is still starting"));
    std::this_thread::sleep_for(milliseconds(20));
  }
}

Task<Result<ChatAnswer>> Ask(boost::asio::io_context& context, Model& model,
                             const ChatRequest& chat, const std::string& authorization,
                             milliseconds limit) {
  Cancellation cancellation;
  const Deadline deadline(context, limit, cancellation);
  ModelRequest request{chat, authorization, {}, cancellation};
  co_return co_await model.Complete(request);
}

std::string OwnAuthorization(const ModelOptions& model) {
  const char* key = std::getenv("OPENAI_API_KEY");
  if (model.kind != "openai" || !model.api_key.empty() || !key || !*key) return {};
  return fmt::format("Bearer {}", key);
}

Result<Trial> Try(const TestFlags& flags, const Options& options, const ChatRequest& chat) {
  TRY(const int64_t timeout_ms, ParseDurationMs(flags.timeout));
  const milliseconds limit(timeout_ms);
  Runtime runtime(1);
  TRY(const auto models, ModelSet::Make(options, runtime, nullptr));
  runtime.Start();
  Model& model = *models->all().front();
  TRY_VOID(AwaitReady(model, Clock::System().Now() + limit));
  const std::string authorization = OwnAuthorization(options.models.front());
  Trial trial;
  const Monotonic begun = Clock::System().Now();
  trial.answer = RunTask<Result<ChatAnswer>>(
      runtime, [&] { return Ask(runtime.context(0), model, chat, authorization, limit); });
  trial.took_us = MicrosBetween(begun, Clock::System().Now());
  runtime.Stop();
  runtime.Join();
  if (!trial.answer) return trial;
  trial.verdict = VerifyAnswer(chat, *trial.answer, {});
  trial.cost_usd = model.info().price.Cost(trial.answer->usage);
  return trial;
}

std::string TextOf(const ChatAnswer& answer) {
  return answer.choices.empty() ? std::string() : answer.choices.front().content;
}

json::object AsJson(const TestFlags& flags, const Trial& trial) {
  json::object report{{"model", flags.name}, {"took_us", trial.took_us}};
  report["ok"] = trial.answer && trial.verdict.ok();
  if (!trial.answer) {
    report["error"] = trial.answer.error().ToString();
    return report;
  }
  report["verdict"] = Name(trial.verdict.kind);
  report["answer"] = Printable(TextOf(*trial.answer), true);
  report["prompt_tokens"] = trial.answer->usage.prompt_tokens;
  report["completion_tokens"] = trial.answer->usage.completion_tokens;
  report["cost_usd"] = trial.cost_usd;
  return report;
}

std::string AsText(const TestFlags& flags, const Trial& trial) {
  const ChatAnswer& answer = *trial.answer;
  return fmt::format("{} answered in {}: {} tokens in, {} out, {}\nverdict  {}\nanswer   {}\n",
                     flags.name, HumanDuration(static_cast<double>(trial.took_us) / 1e6),
                     answer.usage.prompt_tokens, answer.usage.completion_tokens,
                     HumanUsd(trial.cost_usd), Name(trial.verdict.kind),
                     Ellipsis(Printable(TextOf(answer)), 200));
}

Result<ExitCode> Test(const TestFlags& flags, Console& console) {
  TRY(Options all, OpenWorkspace(flags.workspace));
  TRY(const Options options, OnlyThis(std::move(all), flags.name));
  TRY(const ChatRequest chat, RequestFor(flags, options.models.front()));
  TRY(Trial trial, Try(flags, options, chat));
  if (flags.json) {
    console.Out(json::serialize(AsJson(flags, trial)) + '\n');
  } else if (trial.answer) {
    console.Out(AsText(flags, trial));
  }
  if (!trial.answer && !flags.json) return Fail(std::move(trial.answer).error());
  if (!trial.answer) return ExitCodeOf(trial.answer.error());
  // Cut off by our own max_tokens is no fault of the model's.
  const bool good = trial.verdict.ok() || trial.verdict.kind == VerdictKind::kTruncated;
  return good ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

Action DefineModelsTest(CLI::App& app) {
  const auto flags = std::make_shared<TestFlags>();
  app.add_option("NAME", flags->name, "the model's name")->required();
  AddValue(app, "--prompt", flags->prompt, "TEXT", "what to ask");
  AddValue(app, "--as", flags->as, "NAME", "the model's name to ask the upstream for");
  AddValue(app, "--max-tokens", flags->max_tokens, "N", "longest answer (default: 32)")
      ->check(CLI::Range(1, 1 << 20));
  AddValue(app, "--timeout", flags->timeout, "TIME",
           "for its start, and for its answer (default: 60s)")
      ->check(IsDuration());
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy models test openai --as gpt-4o-mini");
  return [flags](Console& console) { return Test(*flags, console); };
}

}  // namespace understudy
