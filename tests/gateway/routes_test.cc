// Every path of the gateway: what it answers, and what it must not say.
#include "gateway/routes.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

using RoutesTest = GatewayTest;

TestCall Get(std::string path) {
  return {.body = "", .headers = {}, .path = path, .method = "GET"};
}

TEST_F(RoutesTest, TellsWhatIsNotThereAndWhatIsMeantOtherwise) {
  Start();
  const TestMessage missing = Ask(Get("/chat/completions"));
  EXPECT_EQ(missing.status(), 404);
  EXPECT_THAT(missing.body, HasSubstr("/v1"));
  const TestMessage wrong = Ask(Get("/v1/chat/completions"));
  EXPECT_EQ(wrong.status(), 405);
  EXPECT_EQ(wrong.Header("allow"), "POST");
}

TEST_F(RoutesTest, ListsModelsAndAliases) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream), Upstream("tiny", upstream, true)};
  options_.routing.tasks = {{.name = "intent", .model = "tiny"}};
  Start();
  const auto list = ParseJson(Ask(Get("/v1/models")).body);
  ASSERT_TRUE(list);
  std::vector<std::string> ids;
  for (const auto& model : list->at("data").as_array()) ids.emplace_back(StringOr(model, "id"));
  EXPECT_THAT(ids,
              testing::ElementsAre("understudy/auto", "understudy/local", "understudy/reference",
                                   "understudy/task:intent", "big", "tiny"));
  EXPECT_EQ(Ask(Get("/v1/models/understudy/local")).status(), 200);
  EXPECT_EQ(Ask(Get("/v1/models/tiny")).status(), 200);
  const TestMessage unknown = Ask(Get("/v1/models/nope"));
  EXPECT_EQ(unknown.status(), 404);
  EXPECT_THAT(unknown.body, HasSubstr("model_not_found"));
}

TEST_F(RoutesTest, IsHealthyAndReady) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  EXPECT_EQ(Ask(Get("/healthz")).status(), 200);
  EXPECT_EQ(Ask(Get("/readyz")).status(), 200);
}

TEST_F(RoutesTest, IsNotReadyWithoutAModel) {
  Start();
  EXPECT_EQ(Ask(Get("/healthz")).status(), 200);
  EXPECT_EQ(Ask(Get("/readyz")).status(), 503);
}

TEST_F(RoutesTest, CountsOutcomesTokensAndCost) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  Ask({.body = ChatBody(), .headers = {"Authorization: Bearer sk-secret"}});
  Ask({.body = "{"});
  const std::string metrics = Metrics();
  EXPECT_THAT(metrics, HasSubstr("understudy_requests_total{outcome=\"served\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("understudy_requests_total{outcome=\"invalid_request\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("understudy_prompt_tokens_total{model=\"big\"} 10\n"));
  EXPECT_THAT(metrics, HasSubstr("understudy_cost_usd_total{model=\"big\"} 7e-05\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("sk-secret")));
  EXPECT_THAT(metrics, Not(HasSubstr("hello")));
}

TEST_F(RoutesTest, EmbedsWithTheModelThatWasAskedFor) {
  TestServer upstream([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, R"({"object":"list","data":[{"embedding":[0.5]}],)"
                                R"("usage":{"prompt_tokens":3,"total_tokens":3}})"));
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage answer = Ask({.body = R"({"model":"text-embedding-3-small","input":["a"]})",
                                  .headers = {},
                                  .path = "/v1/embeddings"});
  EXPECT_EQ(answer.status(), 200);
  EXPECT_THAT(answer.body, HasSubstr("0.5"));
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
  EXPECT_THAT(upstream.requests().at(0).body, HasSubstr("text-embedding-3-small"));
  const TestMessage empty =
      Ask({.body = R"({"model":"m"})", .headers = {}, .path = "/v1/embeddings"});
  EXPECT_EQ(empty.status(), 400);
  EXPECT_THAT(empty.body, HasSubstr("input"));
}

}  // namespace
}  // namespace understudy
