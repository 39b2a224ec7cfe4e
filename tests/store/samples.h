// Exchanges to store, a folder to store them in, and how to compare them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chat/exchange.h"
#include "store/usage_store.h"
#include "support/temp_folder.h"

namespace understudy {

inline std::unique_ptr<UsageStore> MustOpen(const std::filesystem::path& path) {
  auto store = OpenSqliteStore(path);
  EXPECT_TRUE(store) << (store ? "" : store.error().ToString());
  return store ? std::move(*store) : nullptr;
}

// One served answer, bodies of about 2.5 kB that repeat from one to the next, as agents' do.
inline Exchange SampleExchange(int number) {
  Exchange exchange;
  exchange.id = fmt::format("ex_{:026}", number);
  exchange.session = fmt::format("session-{}", number / 8);
  exchange.at_ms = 1'700'000'000'000 + number;
  std::string tools;
  for (int i = 0; i < 12; ++i) {
    tools += fmt::format(R"({{"type":"function","function":{{"name":"Find{0}","description":)"
                         R"("Search the {0} by location and by category","parameters":{{}}}}}},)",
                         (number + i) % 17);
  }
  exchange.request = fmt::format(
      R"({{"model":"m","messages":[{{"role":"user","content":"book table {0} at {1}"}}],)"
      R"("tools":[{2}]}})",
      number * 7919 % 1000, number * 104'729 % 2400, tools);
  exchange.response = fmt::format(
      R"({{"choices":[{{"index":0,"message":{{"role":"assistant","content":"done {}"}}}}]}})",
      number);
  AnswerRecord answer;
  answer.model = "large";
  answer.served = true;
  answer.body = exchange.response;
  exchange.answers.push_back(std::move(answer));
  return exchange;
}

inline std::vector<Exchange> SampleBatch(int from, int to) {
  std::vector<Exchange> batch;
  for (int i = from; i < to; ++i) batch.push_back(SampleExchange(i));
  return batch;
}

// Every field has a value that is not its default, and no two the same.
inline Exchange FullExchange() {
  Exchange exchange;
  exchange.v = 3;
  exchange.id = "imported/№ 1 'quoted' \u2603";
  exchange.session = "sitzung-ä";
  exchange.at_ms = -5;
  exchange.agent = "travel agent 🧳";
  exchange.origin = "0123456789abcdef0123456789abcdef";
  exchange.endpoint = "/v1/responses";
  exchange.request = "{\"messages\":[{\"content\":\"größer \\u0000 日本\"}]}";
  exchange.response = std::string("{\"choices\":[]}\0tail", 19);
  exchange.streamed = true;
  Decision& decision = exchange.decision.emplace();
  decision.policy = "rules/1f2e";
  decision.task = "book-table";
  decision.candidates = {
      {.model = "small", .deployment = "d1", .probability = 0.1, .threshold = 0.3},
      {.model = "large", .probability = 1.0 / 3.0, .threshold = -1e-300}};
  decision.chosen = "small";
  decision.route = Route::kNamed;
  decision.propensity = 0.05;
  decision.explored = true;
  decision.reason = "rule:short-labels";
  decision.took_ns = 8'123;
  AnswerRecord slm;
  slm.kind = AnswerKind::kSlm;
  slm.model = "small";
  slm.deployment = "d1";
  slm.body = "{\"wrong\":1}";
  slm.error = "timeout: the model was slow";
  slm.retries = 2;
  slm.timings = {.queue_us = 10, .first_token_us = 20, .total_us = 30};
  slm.verdict = {.kind = VerdictKind::kInvalidArguments, .detail = "choices[0]: ü", .took_us = 44};
  AnswerRecord reference;
  reference.kind = AnswerKind::kShadow;
  reference.model = "large";
  reference.served = true;
  reference.body = exchange.response;
  reference.usage = {.prompt_tokens = 1'000'000'000'000,
                     .completion_tokens = 7,
                     .cached_tokens = 3,
                     .known = true};
  reference.cost_usd = 0.000123456789;
  exchange.answers = {slm, reference};
  exchange.outcome = Outcome::kEscalated;
  exchange.total_us = 987'654'321;
  exchange.extra = "{\"truth\": {\"service\": \"Restaurants\"}}";
  return exchange;
}

inline void ExpectEqual(const AnswerRecord& a, const AnswerRecord& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.deployment, b.deployment);
  EXPECT_EQ(a.served, b.served);
  EXPECT_EQ(a.body, b.body);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.usage.prompt_tokens, b.usage.prompt_tokens);
  EXPECT_EQ(a.usage.completion_tokens, b.usage.completion_tokens);
  EXPECT_EQ(a.usage.cached_tokens, b.usage.cached_tokens);
  EXPECT_EQ(a.usage.known, b.usage.known);
  EXPECT_EQ(a.cost_usd, b.cost_usd);
  EXPECT_EQ(a.retries, b.retries);
  EXPECT_EQ(a.timings.queue_us, b.timings.queue_us);
  EXPECT_EQ(a.timings.first_token_us, b.timings.first_token_us);
  EXPECT_EQ(a.timings.total_us, b.timings.total_us);
  EXPECT_EQ(a.verdict.kind, b.verdict.kind);
  EXPECT_EQ(a.verdict.detail, b.verdict.detail);
  EXPECT_EQ(a.verdict.took_us, b.verdict.took_us);
}

inline void ExpectEqual(const Decision& a, const Decision& b) {
  EXPECT_EQ(a.policy, b.policy);
  EXPECT_EQ(a.task, b.task);
  EXPECT_EQ(a.chosen, b.chosen);
  EXPECT_EQ(a.route, b.route);
  EXPECT_EQ(a.propensity, b.propensity);
  EXPECT_EQ(a.explored, b.explored);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.took_ns, b.took_ns);
  ASSERT_EQ(a.candidates.size(), b.candidates.size());
  for (size_t i = 0; i < a.candidates.size(); ++i) {
    EXPECT_EQ(a.candidates[i].model, b.candidates[i].model);
    EXPECT_EQ(a.candidates[i].deployment, b.candidates[i].deployment);
    EXPECT_EQ(a.candidates[i].probability, b.candidates[i].probability);
    EXPECT_EQ(a.candidates[i].threshold, b.candidates[i].threshold);
  }
}

inline void ExpectEqual(const Exchange& a, const Exchange& b) {
  EXPECT_EQ(a.v, b.v);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.session, b.session);
  EXPECT_EQ(a.at_ms, b.at_ms);
  EXPECT_EQ(a.agent, b.agent);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.endpoint, b.endpoint);
  EXPECT_EQ(a.request, b.request);
  EXPECT_EQ(a.response, b.response);
  EXPECT_EQ(a.streamed, b.streamed);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.total_us, b.total_us);
  EXPECT_EQ(a.extra, b.extra);
  ASSERT_EQ(a.decision.has_value(), b.decision.has_value());
  if (a.decision) ExpectEqual(*a.decision, *b.decision);
  ASSERT_EQ(a.answers.size(), b.answers.size());
  for (size_t i = 0; i < a.answers.size(); ++i) ExpectEqual(a.answers[i], b.answers[i]);
}

}  // namespace understudy
