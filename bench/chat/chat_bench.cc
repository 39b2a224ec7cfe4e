// Claim: reading a request costs a few microseconds, and a stream's chunk well under one, with the
// whole text checked. Peer: Boost.JSON, parsing the same bytes into its own value and no further.
//
//   chat_bench [--benchmark_filter=REGEX]
#include <benchmark/benchmark.h>

#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "chat/answer.h"
#include "chat/exchange_json.h"
#include "chat/request.h"
#include "chat/sse.h"
#include "chat/stream_shaper.h"

namespace understudy {
namespace {

// One tool with eight documented parameters: what agents send with every call, about 1 kB.
std::string ToolJson(int number) {
  std::string properties;
  for (int i = 0; i < 8; ++i) {
    properties += fmt::format(
        R"({}"field_{}": {{"type": "string", "description": "What the caller wants for field {}"}})",
        i ? ", " : "", i, i);
  }
  return fmt::format(
      R"({{"type": "function", "function": {{"name": "tool_{}", "description": "Does the thing.", )"
      R"("parameters": {{"type": "object", "properties": {{{}}}, "required": ["field_0"]}}}}}})",
      number, properties);
}

// An agent's request of about 5 kB: a long system prompt, four turns, three tools.
std::string RequestBody() {
  std::string prompt;
  while (prompt.size() < 1200) prompt += "You are a careful assistant.\\nAnswer \\\"briefly\\\". ";
  std::string body = R"({"model": "m", "temperature": 0.2, "stream": true, "messages": [)";
  body += fmt::format(R"({{"role": "system", "content": "{}"}})", prompt);
  for (int turn = 0; turn < 4; ++turn) {
    body += R"(, {"role": "user", "content": "Which of the two restaurants has a table at seven?"})"
            R"(, {"role": "assistant", "content": "The first one does. Shall I reserve it?"})";
  }
  body += "], \"tools\": [" + ToolJson(0) + ", " + ToolJson(1) + ", " + ToolJson(2) + "]}";
  return body;
}

const std::string kRequest = RequestBody();
const std::string kChunk =
    R"({"id":"chatcmpl-9f3","object":"chat.completion.chunk","created":1700000000,"model":"m",)"
    R"("system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" table"},)"
    R"("logprobs":null,"finish_reason":null}]})";
const std::string kAnswer =
    R"({"id":"chatcmpl-9f3","object":"chat.completion","created":1700000000,"model":"m","choices":[)"
    R"({"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1",)"
    R"("type":"function","function":{"name":"reserve","arguments":"{\"at\": \"19:00\"}"}}]},)"
    R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":900,"completion_tokens":20}})";
const std::string kLine =
    R"({"id": "1", "session": "s", "request": )" + kRequest + R"(, "response": )" + kAnswer + "}";

void BoostParse(benchmark::State& state, const std::string& text) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

template <class Parse>
void OurParse(benchmark::State& state, const std::string& text, Parse parse) {
  for (auto _ : state) benchmark::DoNotOptimize(parse(std::string(text)));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void SpliceRequest(benchmark::State& state) {
  const auto request = ParseChatRequest(kRequest);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        BodyForUpstream(*request, "other", {.stream = true, .count_usage = true}));
}

// 100 chunks that need no repair, only added up or also held to their shape.
void AddUp(benchmark::State& state) {
  for (auto _ : state) {
    AnswerBuilder builder;
    for (int i = 0; i < 100; ++i) builder.Add(*ParseChatChunk(kChunk));
    benchmark::DoNotOptimize(builder.finished());
  }
}
void Shape(benchmark::State& state) {
  const auto request = ParseChatRequest(kRequest);
  for (auto _ : state) {
    StreamShaper shaper(*request, "m", 0);
    std::vector<ChatChunk> out;
    for (int i = 0; i < 100; ++i) {
      shaper.Add(*ParseChatChunk(kChunk), out);
      out.clear();
    }
    benchmark::DoNotOptimize(shaper.empty());
  }
}

// A stream of 100 chunks in network-sized pieces, per chunk.
void ReadSse(benchmark::State& state) {
  std::string stream;
  for (int i = 0; i < 100; ++i) stream += FormatSseData(kChunk);
  for (auto _ : state) {
    SseParser parser;
    for (size_t at = 0; at < stream.size(); at += 1400) {
      parser.Feed(std::string_view(stream).substr(at, 1400));
      while (true) {
        auto event = parser.Next();
        if (!*event) break;
        benchmark::DoNotOptimize(event);
      }
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}

// Prints one table: ours, the peer on the same bytes in the same run, and the ratio.
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      ns_[run.benchmark_name()] =
          run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit) * 1e9;
    }
  }
  void Finalize() override {
    fmt::print("{:<28}{:>8}{:>12}{:>16}{:>8}\n", "what", "bytes", "ours ns", "Boost.JSON ns",
               "ratio");
    Row("request", "ParseChatRequest", kRequest.size());
    Row("chunk", "ParseChatChunk", kChunk.size());
    Row("answer", "ParseChatAnswer", kAnswer.size());
    Row("line", "ParseExchangeLine", kLine.size());
    for (const auto& [name, label, per] :
         {std::tuple("splice", "BodyForUpstream", 1.0),
          std::tuple("sse", "SseParser, a chunk", 100.0),
          std::tuple("add", "parsed, added up", 100.0),
          std::tuple("shape", "parsed, added up, shaped", 100.0)}) {
      if (ns_.contains(name)) fmt::print("{:<28}{:>8}{:>12.0f}\n", label, "", ns_[name] / per);
    }
  }

 private:
  void Row(const std::string& key, const char* label, size_t bytes) {
    if (!ns_.contains(key) || !ns_.contains(key + "/boost")) return;
    const double ours = ns_[key], peer = ns_[key + "/boost"];
    fmt::print("{:<28}{:>8}{:>12.0f}{:>16.0f}{:>8.1f}\n", label, bytes, ours, peer, peer / ours);
  }
  std::map<std::string, double> ns_;
};

template <class Parse>
void Register(const std::string& key, const std::string& text, Parse parse) {
  benchmark::RegisterBenchmark(
      key.c_str(), [&text, parse](benchmark::State& state) { OurParse(state, text, parse); });
  benchmark::RegisterBenchmark((key + "/boost").c_str(),
                               [&text](benchmark::State& state) { BoostParse(state, text); });
}

}  // namespace
}  // namespace understudy

int main(int argc, char** argv) {
  using namespace understudy;
  Register("request", kRequest, [](std::string text) { return ParseChatRequest(std::move(text)); });
  Register("chunk", kChunk, [](std::string text) { return ParseChatChunk(std::move(text)); });
  Register("answer", kAnswer, [](std::string text) { return ParseChatAnswer(std::move(text)); });
  Register("line", kLine, [](const std::string& text) { return ParseExchangeLine(text); });
  benchmark::RegisterBenchmark("splice", SpliceRequest);
  benchmark::RegisterBenchmark("sse", ReadSse);
  benchmark::RegisterBenchmark("add", AddUp);
  benchmark::RegisterBenchmark("shape", Shape);
  benchmark::Initialize(&argc, argv);
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  return 0;
}
