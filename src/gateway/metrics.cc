#include "gateway/metrics.h"

#include <bit>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void Describe(std::string& out, std::string_view name, std::string_view type,
              std::string_view help) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void Value(std::string& out, std::string_view name, std::string_view labels, auto value) {
  out += labels.empty() ? fmt::format("{} {}\n", name, value)
                        : fmt::format("{}{{{}}} {}\n", name, labels, value);
}

}  // namespace

std::string_view Name(Step step) {
  static constexpr std::array<std::string_view, kSteps> names{
      "authenticate", "parse", "route", "generate", "verify", "escalate", "respond", "record"};
  return names[static_cast<size_t>(step)];
}

void LatencyHistogram::Observe(int64_t micros) {
  const auto value = static_cast<uint64_t>(micros < 0 ? 0 : micros);
  const size_t bucket = value <= 1 ? 0 : std::min<size_t>(std::bit_width(value - 1), kBuckets);
  counts_[bucket].fetch_add(1, kRelaxed);
  sum_us_.fetch_add(value, kRelaxed);
}

void LatencyHistogram::Append(std::string& out, std::string_view name,
                              std::string_view labels) const {
  const std::string_view comma = labels.empty() ? "" : ",";
  uint64_t total = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    total += counts_[i].load(kRelaxed);
    out += fmt::format("{}_bucket{{{}{}le=\"{:.6f}\"}} {}\n", name, labels, comma,
                       static_cast<double>(uint64_t{1} << i) / 1e6, total);
  }
  total += counts_[kBuckets].load(kRelaxed);
  out += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, total);
  Value(out, fmt::format("{}_sum", name), labels,
        static_cast<double>(sum_us_.load(kRelaxed)) / 1e6);
  Value(out, fmt::format("{}_count", name), labels, total);
}

void Metrics::AddModel(std::string_view name) {
  const std::lock_guard lock(adding_);
  const size_t count = model_count_.load(kRelaxed);
  if (Find(name) || count == kMaxModels) return;
  models_[count] = std::make_unique<ModelCounters>();
  models_[count]->name = name;
  model_count_.store(count + 1, std::memory_order_release);
}

Metrics::ModelCounters* Metrics::Find(std::string_view name) const {
  const size_t count = model_count_.load(std::memory_order_acquire);
  for (size_t i = 0; i < count; ++i) {
    if (models_[i]->name == name) return models_[i].get();
  }
  return nullptr;
}

void Metrics::CountOutcome(Outcome outcome, int64_t total_us) {
  outcomes_[static_cast<size_t>(outcome)].fetch_add(1, kRelaxed);
  request_.Observe(total_us);
}

void Metrics::CountAnswer(const AnswerRecord& answer) {
  ModelCounters* model = Find(answer.model);
  if (!model) return;
  (answer.error.empty() ? model->answers : model->errors).fetch_add(1, kRelaxed);
  if (!answer.verdict.ok()) model->rejected.fetch_add(1, kRelaxed);
  model->retries.fetch_add(static_cast<uint64_t>(answer.retries), kRelaxed);
  model->prompt_tokens.fetch_add(static_cast<uint64_t>(answer.usage.prompt_tokens), kRelaxed);
  model->completion_tokens.fetch_add(static_cast<uint64_t>(answer.usage.completion_tokens),
                                     kRelaxed);
  model->cost_nano_usd.fetch_add(static_cast<uint64_t>(answer.cost_usd * 1e9), kRelaxed);
  model->total.Observe(answer.timings.total_us);
  if (answer.timings.first_token_us > 0) model->first_token.Observe(answer.timings.first_token_us);
}

void Metrics::CountStep(Step step, int64_t nanos) {
  step_nanos_[static_cast<size_t>(step)].fetch_add(static_cast<uint64_t>(nanos), kRelaxed);
  step_count_[static_cast<size_t>(step)].fetch_add(1, kRelaxed);
}

void Metrics::RenderModels(std::string& out) const {
  struct Column {
    std::string_view name, help;
    std::atomic<uint64_t> ModelCounters::* member;
    double divisor;
  };
  static constexpr std::array<Column, 7> columns{{
      {"understudy_answers_total", "Answers by model", &ModelCounters::answers, 1},
      {"understudy_answer_errors_total", "Failed attempts by model", &ModelCounters::errors, 1},
      {"understudy_answers_rejected_total", "Answers that failed verification",
       &ModelCounters::rejected, 1},
      {"understudy_retries_total", "Extra tries by model", &ModelCounters::retries, 1},
      {"understudy_prompt_tokens_total", "Prompt tokens", &ModelCounters::prompt_tokens, 1},
      {"understudy_completion_tokens_total", "Answer tokens", &ModelCounters::completion_tokens, 1},
      {"understudy_cost_usd_total", "Cost in US dollars", &ModelCounters::cost_nano_usd, 1e9},
  }};
  const size_t count = model_count_.load(std::memory_order_acquire);
  for (const Column& column : columns) {
    Describe(out, column.name, "counter", column.help);
    for (size_t i = 0; i < count; ++i) {
      const auto value = static_cast<double>((*models_[i].*column.member).load(kRelaxed));
      Value(out, column.name, fmt::format("model=\"{}\"", models_[i]->name),
            value / column.divisor);
    }
  }
  for (const bool first : {true, false}) {
    const std::string_view name =
        first ? "understudy_first_token_seconds" : "understudy_answer_seconds";
    Describe(out, name, "histogram", first ? "Time to the first token" : "Time of an attempt");
    for (size_t i = 0; i < count; ++i) {
      const auto& histogram = first ? models_[i]->first_token : models_[i]->total;
      histogram.Append(out, name, fmt::format("model=\"{}\"", models_[i]->name));
    }
  }
}

std::string Metrics::Render(const RecorderCounts& recorder, int64_t running) const {
  std::string out;
  Describe(out, "understudy_requests_total", "counter", "Requests by the name they ended under");
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    Value(out, "understudy_requests_total",
          fmt::format("outcome=\"{}\"", Name(static_cast<Outcome>(i))),
          outcomes_[i].load(kRelaxed));
  }
  Describe(out, "understudy_request_seconds", "histogram", "Whole request, as the gateway sees it");
  request_.Append(out, "understudy_request_seconds", "");
  Describe(out, "understudy_requests_running", "gauge", "Requests now");
  Value(out, "understudy_requests_running", "", running);
  Describe(out, "understudy_escalations_total", "counter", "SLM answers that failed verification");
  Value(out, "understudy_escalations_total", "", escalations_.load(kRelaxed));
  Describe(out, "understudy_fallbacks_total", "counter", "Requests another model had to answer");
  Value(out, "understudy_fallbacks_total", "", fallbacks_.load(kRelaxed));
  Describe(out, "understudy_repeats_total", "counter",
           "Requests repeated after a failure and given to another model first");
  Value(out, "understudy_repeats_total", "", repeats_.load(kRelaxed));
  Describe(out, "understudy_step_seconds_total", "counter", "Time spent by step of the request");
  for (size_t i = 0; i < kSteps; ++i) {
    Value(out, "understudy_step_seconds_total",
          fmt::format("step=\"{}\"", Name(static_cast<Step>(i))),
          static_cast<double>(step_nanos_[i].load(kRelaxed)) / 1e9);
  }
  RenderModels(out);
  Describe(out, "understudy_exchanges_recorded_total", "counter", "Exchanges committed");
  Value(out, "understudy_exchanges_recorded_total", "", recorder.recorded);
  Describe(out, "understudy_exchanges_unrecorded_total", "counter", "Exchanges served, not kept");
  Value(out, "understudy_exchanges_unrecorded_total", "", recorder.unrecorded);
  Describe(out, "understudy_exchanges_queued", "gauge", "Exchanges waiting for the writer");
  Value(out, "understudy_exchanges_queued", "", recorder.queued);
  Describe(out, "understudy_recorder_cpu_seconds_total", "counter", "CPU time of the writer");
  Value(out, "understudy_recorder_cpu_seconds_total", "",
        static_cast<double>(recorder.writer_cpu_us) / 1e6);
  return out;
}

}  // namespace understudy
