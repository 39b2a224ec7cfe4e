// One decision by rules, against the limits that the project promises: 8 us for a request of 1 kB,
// 50 us for 500 tokens, 300 us for 16k tokens (medians). Eight rules, of which none holds, so that
// all conditions are looked at.
#include <ctime>

#include <benchmark/benchmark.h>

#include "route/rules.h"

namespace understudy {
namespace {

Options EightRules() {
  Options options;
  options.models.resize(2);
  options.models[0] = {.name = "gpt", .kind = "openai"};
  options.models[1] = {.name = "tiny", .kind = "local", .small = true};
  for (int i = 0; i < 8; ++i) {
    options.routing.rules.push_back({.name = fmt::format("rule-{}", i),
                                     .tools = {"search", "calendar", "mail"},
                                     .system_contains = fmt::format("You are agent number {}", i),
                                     .to = "local"});
  }
  return options;
}

ChatRequest RequestOf(size_t bytes) {
  ChatRequest request;
  request.model = "gpt-4o";
  std::string prompt;
  while (prompt.size() < bytes) prompt += "You are agent of a mail box; label each message. ";
  request.messages = {{.role = Role::kSystem, .text = prompt.substr(0, bytes)},
                      {.role = Role::kUser, .text = "Where is my order?"}};
  request.tools = {{.name = "search"}, {.name = "mail"}};
  request.body = "{" + request.messages[0].text + "}";
  return request;
}

void BM_DecideByRules(benchmark::State& state) {
  const auto router = RulesRouter::Make(EightRules());
  const ChatRequest request = RequestOf(static_cast<size_t>(state.range(0)));
  const double limit_us = static_cast<double>(state.range(1));
  const std::clock_t start = std::clock();
  for (auto _ : state) benchmark::DoNotOptimize(router->Decide(request, {.agent = "mailbox"}));
  const double cpu_us = static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC;
  state.counters["of_limit"] = cpu_us / static_cast<double>(state.iterations()) / limit_us;
}
BENCHMARK(BM_DecideByRules)
    ->ArgNames({"bytes", "limit_us"})
    ->Args({1024, 8})
    ->Args({2000, 50})
    ->Args({64'000, 300})
    ->Repetitions(5)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace understudy

BENCHMARK_MAIN();
