#include "chat/exchange_json.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "chat/answer.h"
#include "chat/request.h"
#include "support/agent_log.h"

namespace understudy {
namespace {

void ExpectSame(const AnswerRecord& a, const AnswerRecord& b) {
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

void ExpectSame(const Decision& a, const Decision& b) {
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

void ExpectSame(const Exchange& a, const Exchange& b) {
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
  if (a.decision) ExpectSame(*a.decision, *b.decision);
  ASSERT_EQ(a.answers.size(), b.answers.size());
  for (size_t i = 0; i < a.answers.size(); ++i) ExpectSame(a.answers[i], b.answers[i]);
}

Exchange RoundTrip(const Exchange& exchange) {
  const std::string line = FormatExchangeLine(exchange);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(ParseJson(line).has_value()) << line;
  auto parsed = ParseExchangeLine(line);
  EXPECT_TRUE(parsed) << parsed.error().message << "\n" << line;
  return parsed.value_or(Exchange{});
}

AnswerRecord EveryFieldSet() {
  AnswerRecord answer;
  answer.kind = AnswerKind::kRepair;
  answer.model = "tiny \"one\"";
  answer.deployment = "labels/3";
  answer.body = R"({"choices": [], "n": 1.10e2})";
  answer.error = "kTimeout: é\n\x01";
  answer.usage = {.prompt_tokens = 7, .completion_tokens = 3, .cached_tokens = 2, .known = true};
  answer.cost_usd = 0.1 + 0.2;
  answer.retries = 2;
  answer.timings = {.queue_us = 1, .first_token_us = 2, .total_us = 3};
  answer.verdict = {VerdictKind::kInvalidArguments, "choices[0]", 4};
  return answer;
}

Exchange Full() {
  Exchange exchange;
  exchange.id = "ex_1";
  exchange.session = "s";
  exchange.at_ms = 1'769'860'800'123;
  exchange.agent = "planner";
  exchange.origin = "00ff";
  exchange.endpoint = "/v1/embeddings";
  exchange.request =
      R"({ "model":"m",  "x":1.0e+02, "messages":[{"role":"user","content":"\u00e9"}] })";
  exchange.response = R"({"choices":[{"index":0}]})";
  exchange.streamed = true;
  Decision decision;
  decision.policy = "rules/1";
  decision.task = "t";
  decision.candidates = {{"a", "d", 0.25, 0.9}, {"b", "", 1, 0}};
  decision.chosen = "a";
  decision.route = Route::kLocal;
  decision.propensity = 0.05;
  decision.explored = true;
  decision.reason = "rule:x";
  decision.took_ns = 812;
  exchange.decision = decision;
  exchange.answers = {EveryFieldSet(), AnswerRecord{}};
  exchange.outcome = Outcome::kEscalated;
  exchange.total_us = 99;
  exchange.extra = R"({"truth":{"kind": "call"},"reward":0.0})";
  return exchange;
}

TEST(ExchangeJson, RoundTripKeepsEveryMember) {
  ExpectSame(Full(), RoundTrip(Full()));
}

TEST(ExchangeJson, RoundTripKeepsDefaults) {
  Exchange bare;
  bare.id = "x";
  bare.request = "{}";
  ExpectSame(bare, RoundTrip(bare));
}

TEST(ExchangeJson, EveryOutcomeVerdictKindAndRouteRoundTrips) {
  for (int i = 0; i <= static_cast<int>(Outcome::kInternalError); ++i) {
    Exchange exchange = Full();
    exchange.outcome = static_cast<Outcome>(i);
    exchange.answers[0].verdict.kind = static_cast<VerdictKind>(i % 13);
    exchange.answers[0].kind = static_cast<AnswerKind>(i % 5);
    exchange.decision->route = static_cast<Route>(i % 3);
    ExpectSame(exchange, RoundTrip(exchange));
  }
}

TEST(ExchangeJson, ServedAnswerIsWrittenOnce) {
  Exchange exchange = Full();
  exchange.answers[1].served = true;
  exchange.answers[1].body = exchange.response;
  const std::string line = FormatExchangeLine(exchange);
  EXPECT_EQ(line.find(exchange.response), line.rfind(exchange.response));
  ExpectSame(exchange, RoundTrip(exchange));
}

TEST(ExchangeJson, ServedAnswerWithoutABodyStaysWithoutOne) {
  Exchange exchange = Full();
  exchange.answers[1].served = true;
  ExpectSame(exchange, RoundTrip(exchange));
}

TEST(ExchangeJson, LineBreaksBetweenTokensBecomeSpaces) {
  Exchange exchange = Full();
  exchange.request = "{\n  \"a\": \"x\\ny\"\r\n}";
  EXPECT_EQ(RoundTrip(exchange).request, "{   \"a\": \"x\\ny\"  }");
}

TEST(ExchangeJson, BodiesThatAreNoJsonObjectsKeepTheirText) {
  for (const char* body : {"{\"broken\": [1, 2}", "not json\n", "[1]", "\"text\"", "7", " "}) {
    Exchange exchange = Full();
    exchange.request = exchange.response = exchange.answers[0].body = body;
    ExpectSame(exchange, RoundTrip(exchange));
  }
}

TEST(ExchangeJson, InvalidUtf8BecomesReplacementCharacters) {
  Exchange exchange = Full();
  exchange.request = "caf\xE9 \xE2\x82 \xF0\x9F\x98\x80";
  EXPECT_EQ(RoundTrip(exchange).request,
            "caf\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD \xF0\x9F\x98\x80");
}

TEST(ExchangeJson, TimesAreReadInBothForms) {
  EXPECT_EQ(ParseExchangeLine(R"({"id":"a","request":{},"at":5})")->at_ms, 5);
  EXPECT_EQ(ParseExchangeLine(R"({"id":"a","request":{},"at":"1970-01-01T00:00:01Z"})")->at_ms,
            1000);
  for (const int64_t at : {int64_t{-5}, int64_t{1}, int64_t{253'402'300'800'000}}) {
    Exchange exchange = Full();
    exchange.at_ms = at;
    EXPECT_EQ(RoundTrip(exchange).at_ms, at);
  }
}

TEST(ExchangeJson, NumbersThatAreNotFiniteBecomeDefaults) {
  Exchange exchange = Full();
  exchange.answers[0].cost_usd = std::numeric_limits<double>::infinity();
  exchange.decision->candidates[0].probability = std::nan("");
  const Exchange back = RoundTrip(exchange);
  EXPECT_EQ(back.answers[0].cost_usd, 0);
  EXPECT_EQ(back.decision->candidates[0].probability, 1);
}

TEST(ExchangeJson, UnknownMembersAreKeptInOrder) {
  const auto exchange =
      ParseExchangeLine(R"({"z":1.50,"id":"a","ke\u0079":[ 1 ],"request":{},"messages":7})");
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->extra, R"({"z":1.50,"ke\u0079":[ 1 ],"messages":7})");
  ExpectSame(*exchange, RoundTrip(*exchange));
}

TEST(ExchangeJson, FineTuningShape) {
  const auto exchange = ParseExchangeLine(
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},)"
      R"({"role":"assistant","content":"a","weight":1}],"tools":[{"type":"x"}]})");
  ASSERT_TRUE(exchange) << exchange.error().message;
  EXPECT_EQ(exchange->request,
            R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}],)"
            R"("tools":[{"type":"x"}]})");
  const auto answer = ParseChatAnswer(exchange->response);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->choices[0].content, "a");
  EXPECT_EQ(answer->choices[0].finish, FinishReason::kStop);
  EXPECT_EQ(exchange->id.substr(0, 3), "ft_");
  EXPECT_TRUE(exchange->extra.empty());
}

TEST(ExchangeJson, FineTuningIdsFollowTheLine) {
  const char* line =
      R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})";
  const char* other =
      R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]})";
  EXPECT_EQ(ParseExchangeLine(line)->id, ParseExchangeLine(line)->id);
  EXPECT_NE(ParseExchangeLine(line)->id, ParseExchangeLine(other)->id);
}

TEST(ExchangeJson, FineTuningWithToolCalls) {
  const auto exchange = ParseExchangeLine(
      R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":)"
      R"([{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]})");
  ASSERT_TRUE(exchange);
  EXPECT_EQ(ParseChatAnswer(exchange->response)->choices[0].finish, FinishReason::kToolCalls);
}

TEST(ExchangeJson, FineTuningMustEndWithTheAssistant) {
  for (const char* line :
       {R"({"messages":[]})", R"({"messages":[{"role":"assistant","content":"a"}]})",
        R"({"messages":[{"role":"assistant"},{"role":"user","content":"q"}]})", R"({"messages":7})",
        R"({"messages":[7]})"}) {
    const auto exchange = ParseExchangeLine(line);
    ASSERT_FALSE(exchange) << line;
    EXPECT_EQ(exchange.error().kind, ErrorKind::kInvalidInput);
    EXPECT_EQ(exchange.error().param.substr(0, 8), "messages");
  }
}

TEST(ExchangeJson, BatchInputAndJoinedOutput) {
  const auto input = ParseExchangeLine(
      R"({"custom_id":"r-1","method":"POST","url":"/v1/x","body":{"model":"m"},"note":1})");
  ASSERT_TRUE(input);
  EXPECT_EQ(input->id, "r-1");
  EXPECT_EQ(input->endpoint, "/v1/x");
  EXPECT_EQ(input->request, R"({"model":"m"})");
  EXPECT_EQ(input->extra, R"({"note":1})");
  const auto joined = ParseExchangeLine(
      R"({"id":"batch_req_1","custom_id":"r-1","body":{"model":"m"},)"
      R"("response":{"status_code":200,"request_id":"q","body":{"choices":[ ]}}})");
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->response, R"({"choices":[ ]})");
  EXPECT_EQ(joined->outcome, Outcome::kServed);
}

TEST(ExchangeJson, BatchFailureIsAnUpstreamError) {
  const auto failed = ParseExchangeLine(
      R"({"custom_id":"r","body":{},"response":{"status_code":400,"body":{"error":{}}}})");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->outcome, Outcome::kUpstreamError);
}

TEST(ExchangeJson, BatchOutputAloneSaysHowToMend) {
  const auto output =
      ParseExchangeLine(R"({"id":"b","custom_id":"r","response":{"status_code":200,"body":{}}})");
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().param, "body");
  EXPECT_NE(output.error().mend.find("custom_id"), std::string::npos);
}

TEST(ExchangeJson, ErrorsNameTheMember) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"id":"a"})", "request"},
      {R"({"request":{}})", "id"},
      {R"({"id":"","request":{}})", "id"},
      {R"({"id":"a","request":[]})", "request"},
      {R"({"id":"a","request":{},"v":2})", "v"},
      {R"({"id":"a","request":{},"at":"noon"})", "at"},
      {R"({"id":"a","request":{},"outcome":"fine"})", "outcome"},
      {R"({"id":"a","request":{},"session":1})", "session"},
      {R"({"id":"a","request":{},"answers":{}})", "answers"},
      {R"({"id":"a","request":{},"answers":[{"kind":"x"}]})", "answers[0].kind"},
      {R"({"id":"a","request":{},"decision":{"route":3}})", "decision.route"},
      {R"({"id":"a","request":{},"id":"b"})", "id"},
  };
  for (const auto& [line, param] : cases) {
    const auto exchange = ParseExchangeLine(line);
    ASSERT_FALSE(exchange) << line;
    EXPECT_EQ(exchange.error().kind, ErrorKind::kInvalidInput);
    EXPECT_EQ(exchange.error().param, param) << line;
  }
}

TEST(ExchangeJson, MalformedLinesFail) {
  for (const char* line : {"", " ", "null", "[]", "{", R"({"id":"a","request":{}} x)",
                           R"({"id":"a","request":{"b":tru}})", "\xEF\xBB\xBF{}"}) {
    EXPECT_FALSE(ParseExchangeLine(line)) << line;
  }
}

class AgentLog : public ::testing::TestWithParam<const char*> {};

TEST_P(AgentLog, EveryLineRoundTrips) {
  const auto lines = AgentLogLines(GetParam());
  if (!lines) GTEST_SKIP() << AgentLogMissing(GetParam());
  for (const std::string& line : *lines) {
    const auto exchange = ParseExchangeLine(line);
    ASSERT_TRUE(exchange) << exchange.error().message;
    ExpectSame(*exchange, RoundTrip(*exchange));
    EXPECT_NE(line.find(exchange->request), std::string::npos);
    EXPECT_NE(line.find(exchange->response), std::string::npos);
    EXPECT_TRUE(ParseChatRequest(exchange->request).has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Files, AgentLog, ::testing::Values("sgd_dev.jsonl", "metagpt.jsonl"),
                         [](const auto& info) {
                           const std::string_view file = info.param;
                           return std::string(file.substr(0, file.find('.')));
                         });

}  // namespace
}  // namespace understudy
