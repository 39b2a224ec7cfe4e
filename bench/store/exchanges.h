// Exchanges for the bench: bodies of recorded task-oriented dialogues with tools (the SGD shape),
// or look-alikes where the data is not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/json.h"
#include "chat/exchange.h"

namespace understudy::bench {

struct Corpus {
  std::string source;  // what it is, for the table's head
  std::vector<Exchange> exchanges;
  double mean_bytes = 0;  // of request and response
};

// As the gateway hands it over: decided, answered, verified.
inline Exchange Recorded(std::string session, std::string request, std::string response,
                         int64_t number) {
  Exchange exchange;
  exchange.at_ms = 1'760'000'000'000 + number * 3;
  exchange.id = NewId("ex_", exchange.at_ms);
  exchange.session = std::move(session);
  exchange.agent = "concierge";
  exchange.origin = "4d1f0c2ab7e9935566aa01bc9e7d2f10";
  exchange.request = std::move(request);
  exchange.response = std::move(response);
  exchange.total_us = 400'000 + number % 9'973;
  AnswerRecord answer;
  answer.model = "large";
  answer.served = true;
  answer.body = exchange.response;
  answer.usage = {.prompt_tokens = 700 + number % 400, .completion_tokens = 60, .known = true};
  answer.cost_usd = 0.0021;
  answer.timings = {.queue_us = 90, .first_token_us = 200'000, .total_us = exchange.total_us - 300};
  answer.verdict = {.kind = VerdictKind::kPass, .took_us = 12};
  exchange.answers.push_back(std::move(answer));
  Decision& decision = exchange.decision.emplace();
  decision.policy = "rules/9b1c";
  decision.chosen = "large";
  decision.candidates = {{.model = "small", .probability = 0.71, .threshold = 0.9},
                         {.model = "large"}};
  decision.reason = "default";
  decision.took_ns = 8'000 + number % 1'000;
  return exchange;
}

inline void ReadJsonl(const std::filesystem::path& path, Corpus& corpus) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto value = ParseJson(line);
    if (!value) continue;
    const auto* request = Find(*value, "request");
    const auto* response = Find(*value, "response");
    if (!request || !response) continue;
    corpus.exchanges.push_back(Recorded(std::string(StringOr(*value, "session")),
                                        json::serialize(*request), json::serialize(*response),
                                        static_cast<int64_t>(corpus.exchanges.size())));
  }
}

// A growing dialogue over one of 26 sets of tools; words from a fixed generator.
inline void LookAlikes(size_t count, Corpus& corpus) {
  uint32_t state = 42;
  const auto next = [&state](uint32_t below) {
    return (state = state * 1'664'525 + 1'013'904'223) / 65'536 % below;
  };
  std::string messages;
  for (size_t i = 0; i < count; ++i) {
    if (i % 9 == 0) messages = R"({"role":"system","content":"You are an assistant."})";
    std::string text;
    for (int word = 0; word < 12; ++word) text += fmt::format("word{} ", next(3'000));
    messages += fmt::format(R"(,{{"role":"user","content":"{}"}})", text);
    std::string tools;
    for (uint32_t tool = 0; tool < 3; ++tool) {
      tools += fmt::format(
          R"({}{{"type":"function","function":{{"name":"Find{}","description":"Search by location )"
          R"(and by category","parameters":{{"type":"object","properties":{{"location":{{"type":)"
          R"("string","description":"City where it is located"}}}},"required":["location"]}}}}}})",
          tool ? "," : "", i / 9 % 26 + tool);
    }
    corpus.exchanges.push_back(Recorded(
        fmt::format("session-{}", i / 9),
        fmt::format(R"({{"model":"large","messages":[{}],"tools":[{}]}})", messages, tools),
        fmt::format(R"({{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},)"
                    R"("finish_reason":"stop"}}]}})",
                    text),
        static_cast<int64_t>(i)));
  }
}

inline Corpus LoadCorpus(const std::filesystem::path& data) {
  Corpus corpus;
  for (const char* name : {"agentlog/sgd_dev.jsonl", "agentlog/sgd_train.jsonl"}) {
    ReadJsonl(data / name, corpus);
  }
  corpus.source = fmt::format("recorded dialogues in {}", (data / "agentlog").string());
  if (corpus.exchanges.empty()) {
    LookAlikes(20'000, corpus);
    corpus.source = "GENERATED look-alikes (no agentlog/sgd_dev.jsonl under --data)";
  }
  for (const auto& exchange : corpus.exchanges) {
    corpus.mean_bytes += static_cast<double>(exchange.request.size() + exchange.response.size());
  }
  corpus.mean_bytes /= static_cast<double>(corpus.exchanges.size());
  return corpus;
}

// Those of it with bodies large enough to make `mean_bytes` on average.
inline Corpus LargerOnes(const Corpus& all, double mean_bytes) {
  std::vector<const Exchange*> by_size;
  for (const auto& exchange : all.exchanges) by_size.push_back(&exchange);
  std::ranges::sort(by_size, std::ranges::greater(), [](const Exchange* exchange) {
    return exchange->request.size() + exchange->response.size();
  });
  Corpus larger{.source = all.source};
  double total = 0;
  size_t count = 0;
  for (const auto* exchange : by_size) {
    total += static_cast<double>(exchange->request.size() + exchange->response.size());
    if (total / static_cast<double>(count + 1) < mean_bytes) break;
    larger.mean_bytes = total / static_cast<double>(++count);
  }
  const size_t least =
      count == 0 ? 0 : by_size[count - 1]->request.size() + by_size[count - 1]->response.size();
  for (const auto& exchange : all.exchanges) {  // in their order, not by size
    if (exchange.request.size() + exchange.response.size() >= least) {
      larger.exchanges.push_back(exchange);
    }
  }
  return larger;
}

// The same as one line of JSON, for the peers.
inline std::string PlainLine(const Exchange& exchange) {
  return fmt::format(
      R"({{"id":"{}","session":"{}","at_ms":{},"agent":"{}","request":{},"response":{}}})",
      exchange.id, exchange.session, exchange.at_ms, exchange.agent, exchange.request,
      exchange.response);
}

}  // namespace understudy::bench
