// What verification adds to an answer: an ordinary text (limit 100 ns), one tool call of five
// arguments, and a JSON object by its schema.
#include <ctime>

#include <benchmark/benchmark.h>

#include "reason/verify.h"

namespace understudy {
namespace {

constexpr std::string_view kSchema = R"({"type":"object","properties":{
  "title":{"type":"string","minLength":1,"maxLength":200},
  "date":{"type":"string","pattern":"^\\d{4}-\\d{2}-\\d{2}$"},
  "guests":{"type":"array","items":{"type":"string"},"maxItems":20},
  "priority":{"enum":["low","normal","high"]},
  "minutes":{"type":"integer","minimum":1,"maximum":1440}},
  "required":["title","date"],"additionalProperties":false})";
constexpr std::string_view kObject = R"({"title":"Lunch","date":"2026-01-31",
  "guests":["Ada","Grace"],"priority":"normal","minutes":60})";

void Run(benchmark::State& state, const ChatRequest& request, const ChatAnswer& answer) {
  if (const Verdict verdict = VerifyAnswer(request, answer, {}); !verdict.ok()) {
    state.SkipWithError(verdict.detail.c_str());
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(VerifyAnswer(request, answer, {}));
}

void BM_VerifyText(benchmark::State& state) {
  ChatAnswer answer;
  answer.choices = {{.content = "The meeting is at noon.", .has_content = true}};
  const std::clock_t start = std::clock();
  Run(state, {}, answer);
  const double cpu_ns = static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC;
  state.counters["of_limit"] = cpu_ns / static_cast<double>(state.iterations()) / 100;
}
BENCHMARK(BM_VerifyText);

void BM_VerifyToolCall(benchmark::State& state) {
  ChatRequest request;
  request.tools = {{.name = "list"}, {.name = "book", .parameters = std::string(kSchema)}};
  ChatAnswer answer;
  answer.choices.resize(1);
  answer.choices[0].tool_calls = {{.name = "book", .arguments = std::string(kObject)}};
  Run(state, request, answer);
}
BENCHMARK(BM_VerifyToolCall);

void BM_VerifyJsonContent(benchmark::State& state) {
  ChatRequest request;
  request.response_format = ResponseFormat::kJsonSchema;
  request.response_schema = kSchema;
  ChatAnswer answer;
  answer.choices = {{.content = std::string(kObject), .has_content = true}};
  Run(state, request, answer);
}
BENCHMARK(BM_VerifyJsonContent);

}  // namespace
}  // namespace understudy

BENCHMARK_MAIN();
