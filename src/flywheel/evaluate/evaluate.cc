#include "flywheel/evaluate/evaluate.h"

#include <fstream>

#include <fmt/format.h>

#include "base/file.h"
#include "base/runtime.h"
#include "dataset/first_message.h"
#include "flywheel/evaluate/answer_log.h"
#include "flywheel/evaluate/ask.h"
#include "gguf/model_meta.h"
#include "models/local_files.h"
#include "models/local_model.h"
#include "reason/verify.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view kAnswers = "answers.jsonl";
constexpr std::string_view kCard = "scorecard.json";
constexpr const char* kAdapterName = "candidate";
constexpr milliseconds kReadyPeriod{50};
constexpr std::string_view kAsking = "Asking";

Status CheckFile(const fs::path& path, std::string_view what, std::string_view mend) {
  std::error_code missing;
  if (fs::is_regular_file(path, missing)) return {};
  return Fail(NotFound(fmt::format("there is no {} {}", what, path.string())).Mend(mend));
}

Status CheckOptions(const EvaluateOptions& options) {
  TRY_VOID(CheckFile(options.base, "base model", "Name a GGUF file with --base."));
  if (!options.adapter.empty()) {
    TRY_VOID(CheckFile(options.adapter, "adapter", "Make one with understudy tune."));
  }
  if (options.inputs.empty()) return Fail(InvalidInput("there is nothing to measure on"));
  if (options.overlap && (*options.overlap <= 0 || *options.overlap > 1)) {
    return Fail(InvalidInput("the overlap of texts is above 0 and at most 1"));
  }
  return {};
}

ModelOptions ModelOf(const EvaluateOptions& options) {
  ModelOptions model;
  model.name = options.base.stem().string();
  model.kind = "local";
  model.gguf = fs::absolute(options.base);
  if (!options.adapter.empty()) {
    model.adapters.push_back({kAdapterName, fs::absolute(options.adapter)});
  }
  model.slots = options.slots;
  model.context = options.context;
  model.model_threads = options.threads;
  return model;
}

StageSpec SpecOf(const EvaluateOptions& options, const std::vector<EvalInput>& inputs) {
  StageSpec spec;
  spec.name = "evaluate";
  spec.version = "1";
  spec.resumes = true;
  json::array parts;
  for (const EvalInput& input : inputs) parts.push_back(json::value(input.part));
  spec.parameters = {{"parts", std::move(parts)},
                     {"task", options.task},
                     {"adapter", !options.adapter.empty()},
                     {"limit", options.limit},
                     {"most_tokens", options.most_tokens},
                     {"slots", options.slots},
                     {"context", options.context},
                     {"threads", options.threads},
                     {"overlap", options.overlap ? json::value(*options.overlap) : nullptr},
                     {"input_usd", options.prices.input_usd},
                     {"output_usd", options.prices.output_usd}};
  spec.inputs.push_back(options.base);
  if (!options.adapter.empty()) spec.inputs.push_back(options.adapter);
  for (const EvalInput& input : inputs) spec.inputs.push_back(input.file);
  return spec;
}

// One evaluation, in the order of evaluate.h.
class Evaluation {
 public:
  Evaluation(const EvaluateOptions& options, const StageRun& run) : options_(options), run_(run) {}

  Status ReadExamples(const std::vector<EvalInput>& inputs) {
    TRY_VOID(run_.Step("Reading", 0, 0));
    TRY(set_, ReadEvalSet(inputs, options_.limit, options_.most_tokens));
    return {};
  }

  Status AskAndGrade() {
    TRY(AnswerLog log, AnswerLog::Open(run_.folder() / kAnswers, run_.resumed(), set_.examples));
    if (!log.open_examples().empty()) TRY_VOID(AskOpen(log));
    CountAnswers(log.answers(), options_.prices, card_);
    return {};
  }

  Status WriteCard() {
    TRY_VOID(Identify());
    return WriteFileAtomically(run_.folder() / kCard, json::serialize(ToJson(card_)) + '\n', 0600);
  }

  CandidateCard& card() { return card_; }
  EvalSet& set() { return set_; }

 private:
  Status AskOpen(AnswerLog& log) {
    Runtime runtime(1);
    runtime.Start();
    TRY(const auto model,
        LocalModel::Make(ModelOf(options_), options_.runtime, options_.home.string(), runtime));
    TRY_VOID(AwaitReady(*model));
    const auto total = std::ssize(set_.examples);
    const auto before = std::ssize(log.answers());
    const std::vector<size_t> todo = log.open_examples();
    AskPlan plan;
    plan.examples = set_.examples;
    plan.todo = todo;
    plan.deployment = options_.adapter.empty() ? "" : kAdapterName;
    plan.at_once = options_.slots;
    plan.on_answer = [&](const EvalExample& example, Asked asked) {
      GradedAnswer graded = Grade(example, asked.answer, {options_.overlap});
      graded.ms = asked.ms;
      graded.first_ms = asked.first_ms;
      return log.Add(std::move(graded));
    };
    plan.on_step = [&](int64_t done) {
      NotePeak(*model);
      return Interruptible(run_.Step(kAsking, before + done, total), before + done, total);
    };
    TRY_VOID(AskAll(*model, runtime, plan));
    NotePeak(*model);
    return {};
  }

  // Tells what is kept, as the wrapper cannot know it.
  static Status Interruptible(Status step, int64_t done, int64_t total) {
    if (step || step.error().kind != ErrorKind::kCancelled) return step;
    return Fail(Cancelled(fmt::format("interrupted after {} of {} answers", done, total))
                    .Mend("The same command goes on from there."));
  }

  // A large model takes its time to load; a stop is heard meanwhile.
  Status AwaitReady(const LocalModel& model) const {
    const auto limit = std::chrono::seconds(options_.runtime.start_timeout_s);
    const Monotonic begun = Clock::System().Now();
    while (Clock::System().Now() - begun < limit) {
      TRY_VOID(run_.Step("Starting the model", 0, 0));
      const Status ready = model.WaitReady(kReadyPeriod);
      if (ready || ready.error().kind != ErrorKind::kTimeout) return ready;
    }
    return model.WaitReady(kReadyPeriod);
  }

  void NotePeak(const LocalModel& model) {
    card_.memory_bytes =
        std::max(card_.memory_bytes, PeakMemoryBytes(model.generation()->server().pid()));
  }

  Status Identify() {
    TRY(const GgufFile file, GgufFile::Open(options_.base));
    TRY(const ModelMeta meta, ReadModelMeta(file));
    card_.base_name = meta.name.empty() ? options_.base.stem().string() : meta.name;
    card_.architecture = meta.architecture;
    card_.parameters = meta.parameters;
    card_.task = options_.task;
    card_.base.file = fs::absolute(options_.base);
    TRY(card_.base.sha256, HashFile(options_.base));
    card_.base_bytes = fs::file_size(options_.base);
    if (!options_.adapter.empty()) {
      CandidateCard::File adapter{fs::absolute(options_.adapter), ""};
      TRY(adapter.sha256, HashFile(options_.adapter));
      card_.adapter = std::move(adapter);
    }
    card_.at_once = options_.slots;
    card_.context = options_.context;
    return {};
  }

  const EvaluateOptions& options_;
  const StageRun& run_;
  EvalSet set_;
  CandidateCard card_;
};

Result<CandidateCard> ReadCard(const fs::path& folder) {
  TRY(const std::string text, ReadFile(folder / kCard, uint64_t{1} << 26));
  TRY(const json::value value, ParseJson(text));
  return CandidateCardFrom(value);
}

}  // namespace

GradedAnswer Grade(const EvalExample& example, const Result<ChatAnswer>& answer,
                   const JudgeOptions& options) {
  GradedAnswer graded;
  graded.id = example.id;
  graded.part = example.part;
  graded.row = example.row;
  graded.kind = example.kind;
  graded.of_reference = example.of_reference;
  if (!answer) {
    graded.verdict = VerdictKind::kError;
    graded.detail = fmt::format("{}: {}", Name(answer.error().kind), answer.error().message);
    graded.signals = SignalsOf(example.ask, {});
    return graded;
  }
  const Verdict verdict = VerifyAnswer(example.ask, *answer, VerifyOptions{});
  graded.verdict = verdict.kind;
  graded.detail = verdict.detail;
  graded.signals = SignalsOf(example.ask, *answer);
  graded.prompt_tokens = answer->usage.prompt_tokens;
  graded.answer_tokens = graded.signals.answer_tokens;
  graded.answer = FirstMessage(answer->body);
  Judgement judgement = Judge(example, graded.answer, options);
  // A refusal that the verdict stops is still the answer that the reference gave.
  const bool fit = verdict.ok() || (example.refusal && verdict.kind == VerdictKind::kRefusal);
  graded.right = judgement.right && fit;
  graded.differences = std::move(judgement.differences);
  return graded;
}

Result<Evaluated> Evaluate(const EvaluateOptions& options, const StagePlace& place,
                           const StageHooks& hooks) {
  TRY_VOID(CheckOptions(options));
  TRY(const auto inputs, FindEvalInputs(options.inputs, options.parts));
  // What llama-server would refuse, or misread, once it starts; some of it without any error.
  TRY([[maybe_unused]] const LocalFiles files, CheckLocalFiles(ModelOf(options), ""));
  Evaluated evaluated;
  auto done = RunStage(SpecOf(options, inputs), place, hooks, [&](StageRun& run) -> Status {
    Evaluation evaluation(options, run);
    TRY_VOID(evaluation.ReadExamples(inputs));
    evaluation.card().overlap = options.overlap;
    TRY_VOID(evaluation.AskAndGrade());
    TRY_VOID(evaluation.WriteCard());
    evaluated.rows = evaluation.set().report;
    run.Count("rows", evaluated.rows.rows);
    run.Count("examples", std::ssize(evaluation.set().examples));
    return {};
  });
  if (!done) return Fail(std::move(done).error());
  evaluated.stage = *std::move(done);
  TRY(evaluated.card, ReadCard(evaluated.stage.folder));
  return evaluated;
}

int64_t PeakMemoryBytes(int pid) {
  if (pid <= 0) return 0;
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  }
  return 0;
}

}  // namespace understudy
