// One request's assignment to a task, against what a whole decision may take: 8 us for a
// request of 1 kB, 50 us for 500 tokens, 300 us for 16k tokens (medians). Forty prompt templates of
// 2 kB with three tasks each. "known": the prompt was seen before by this thread; else its skeleton
// is read and looked for among all templates each time.
#include <ctime>

#include <benchmark/benchmark.h>

#include "base/ids.h"
#include "route/task_model.h"

namespace understudy {
namespace {

constexpr int kTemplates = 40, kTasksEach = 3;
constexpr size_t kSystemBytes = 2000;
constexpr std::array kWords{"book",   "table",    "parcel", "invoice", "customer", "weather",
                            "please", "tomorrow", "label",  "answer",  "sentence", "number"};

std::string Words(size_t bytes, uint64_t seed) {
  std::string text;
  while (text.size() < bytes) {
    const uint64_t hash = FastHash("word", seed += 0x9E3779B97F4A7C15ULL);
    text += kWords[hash % kWords.size()];
    if (hash % 5 == 0) text += std::string(1 + hash % 3, static_cast<char>('a' + hash / 7 % 26));
    text += ' ';
  }
  text.resize(bytes);
  return text;
}

ChatRequest RequestOf(size_t system_bytes, uint64_t system_seed, size_t user_bytes) {
  ChatRequest request;
  request.messages = {{.role = Role::kSystem, .text = Words(system_bytes, system_seed)},
                      {.role = Role::kUser, .text = Words(user_bytes, 99)}};
  request.tools = {{"search", R"({"properties":{"text":{},"limit":{}}})"},
                   {"mail", R"({"properties":{"to":{},"subject":{},"body":{}}})"}};
  return request;
}

Embedding RandomPoint(uint64_t seed) {
  Embedding point;
  for (size_t i = 0; i < point.size(); ++i) {
    point[i] = static_cast<float>(FastHash("point", seed * 64 + i) % 2001) / 1000 - 1;
  }
  Normalize(point);
  return point;
}

TaskModel MakeModel(size_t system_bytes) {
  std::vector<float> rows(kBuckets * kEmbeddingSize), idf(kBuckets, 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(FastHash("row", i) % 2001) / 1000 - 1;
  }
  TaskModelData data{.projection = Projection::Quantized(rows, idf)};
  for (uint32_t frame = 0; frame < kTemplates; ++frame) {
    Prompt prompt;
    ReadPrompt(RequestOf(system_bytes, frame, 100), prompt);
    data.frames.push_back(Frame::Of(prompt));
    for (uint32_t task = 0; task < kTasksEach; ++task) {
      const std::string name = fmt::format("t-{}-{}", frame, task);
      data.tasks.push_back({name, name, "label"});
      TaskShape shape{.frame = frame, .least_cosine = -1};
      for (uint32_t i = 0; i < 8; ++i)
        shape.exemplars.push_back(RandomPoint(frame * 64 + task * 8 + i));
      data.shapes.push_back(std::move(shape));
    }
  }
  return *TaskModel::Make(std::move(data));
}

void BM_Assign(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const bool known = state.range(2) != 0;
  const size_t system_bytes = std::min(kSystemBytes, bytes / 2);
  const TaskModel model = MakeModel(system_bytes);
  ChatRequest request = RequestOf(system_bytes, 7, bytes - system_bytes);
  TaskModel::Scratch scratch;
  if (model.Assign(request, scratch).task < 0) state.SkipWithError("the prompt is unknown");
  std::string& schema = request.tools[0].parameters;
  const std::string base = schema;
  int64_t count = 0;
  const std::clock_t start = std::clock();
  for (auto _ : state) {
    if (!known) schema = base + std::string(static_cast<size_t>(++count % 512), ' ');
    benchmark::DoNotOptimize(model.Assign(request, scratch));
  }
  const double cpu_us = static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC;
  const double each_us = cpu_us / static_cast<double>(state.iterations());
  state.counters["of_limit"] = each_us / static_cast<double>(state.range(1));
}
BENCHMARK(BM_Assign)
    ->ArgNames({"bytes", "limit_us", "known"})
    ->Args({1024, 8, 1})
    ->Args({2000, 50, 1})
    ->Args({64'000, 300, 1})
    ->Args({1024, 8, 0})
    ->Args({2000, 50, 0})
    ->Args({64'000, 300, 0})
    ->Unit(benchmark::kMicrosecond)
    ->Repetitions(5)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace understudy

BENCHMARK_MAIN();
