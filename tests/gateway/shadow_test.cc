// Shadow answers behind the client's back, and the router's second look.
#include "gateway/shadow.h"

#include <thread>

#include <gmock/gmock.h>

#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every call is of task "t-1"; who answers, and how sure it is of an SLM's answer, is given.
class FixedRouter final : public Router {
 public:
  FixedRouter(std::string chosen, double after) : chosen_(std::move(chosen)), after_(after) {}
  Result<Decision> Decide(const ChatRequest&, const RouteHints&) const override {
    Decision decision{.policy = "fixed", .task = "t-1", .chosen = chosen_, .reason = "fixed"};
    decision.route = chosen_ == "tiny" ? Route::kLocal : Route::kReference;
    decision.candidates = {{.model = "tiny", .probability = 0.9, .threshold = 0.5},
                           {.model = "big"}};
    return decision;
  }
  Confidence Judge(const Decision&, const Candidate& candidate, const ChatRequest&,
                   const ChatAnswer&) const override {
    return {after_, candidate.threshold};
  }

 private:
  std::string chosen_;
  double after_;
};

class ShadowTest : public GatewayTest {
 protected:
  void Deploy(DeploymentStage stage) {
    Deployments all;
    all.deployments.push_back({.id = "d-1", .task = "t-1", .model = "tiny", .stage = stage});
    ASSERT_TRUE(WriteDeployments(DeploymentsPath(options_.workspace), all));
  }
  void StartWith(const TestServer& small, const TestServer& big, const std::string& chosen,
                 double after = 1) {
    options_.models = {Upstream("tiny", small, true), Upstream("big", big)};
    router_ = [chosen, after](const Options&, const Deployments&) {
      return Result<std::shared_ptr<const Router>>(std::make_shared<FixedRouter>(chosen, after));
    };
    Start();
  }
  bool Counted(std::string_view result, int count) {
    const std::string line =
        fmt::format("understudy_shadows_total{{result=\"{}\"}} {}\n", result, count);
    return WaitFor([&] { return Metrics().find(line) != std::string::npos; });
  }
};

TEST_F(ShadowTest, IsRecordedBesideTheAnswerThatWentOut) {
  TestServer small(AlwaysAnswer("  four ")), big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kShadow);
  StartWith(small, big, "big");
  const TestMessage answer = Ask({.body = ChatBody()});
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, AnswerBody("four"));
  EXPECT_EQ(answer.Header("x-understudy-model"), "big");
  EXPECT_TRUE(Counted("same", 1));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 1u);
  ASSERT_EQ(recorded[0].answers.size(), 2u);
  EXPECT_TRUE(recorded[0].answers[0].served);
  EXPECT_EQ(recorded[0].response, AnswerBody("four"));
  const AnswerRecord& shadow = recorded[0].answers[1];
  EXPECT_EQ(shadow.kind, AnswerKind::kShadow);
  EXPECT_EQ(shadow.model, "tiny");
  EXPECT_FALSE(shadow.served);
  EXPECT_EQ(shadow.body, AnswerBody("  four "));
  EXPECT_EQ(shadow.verdict.kind, VerdictKind::kPass);
  EXPECT_EQ(shadow.usage.completion_tokens, 5);
}

struct ShadowCase {
  std::string_view name, answer, result;
  VerdictKind verdict;
  double after = 1;
};
class ShadowVerdict : public ShadowTest, public ::testing::WithParamInterface<ShadowCase> {};

TEST_P(ShadowVerdict, SaysWhatBecameOfIt) {
  TestServer small(AlwaysAnswer(std::string(GetParam().answer))), big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kCanary);
  StartWith(small, big, "big", GetParam().after);
  EXPECT_EQ(Ask({.body = ChatBody()}).status(), 200);
  EXPECT_TRUE(Counted(GetParam().result, 1));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.at(0).answers.size(), 2u);
  EXPECT_EQ(recorded[0].answers[1].verdict.kind, GetParam().verdict);
  EXPECT_EQ(recorded[0].outcome, Outcome::kServed);
}

INSTANTIATE_TEST_SUITE_P(
    Each, ShadowVerdict,
    ::testing::Values(ShadowCase{"differs", "five", "differs", VerdictKind::kDiffers},
                      ShadowCase{"empty", "", "rejected", VerdictKind::kEmpty},
                      ShadowCase{"unsure", "four", "rejected", VerdictKind::kLowConfidence, 0.4}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ShadowTest, OfAStreamToo) {
  TestServer small(AlwaysAnswer("one two"));
  TestServer big([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("one "))));
    client.Send(TestChunk(TestEvent(ChunkBody("two", "stop"))));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  Deploy(DeploymentStage::kShadow);
  StartWith(small, big, "big");
  EXPECT_THAT(Ask({.body = ChatBody("m", R"(,"stream":true)")}).body, HasSubstr("[DONE]"));
  EXPECT_TRUE(Counted("same", 1));
  EXPECT_EQ(Recorded().at(0).answers.size(), 2u);
}

TEST_F(ShadowTest, NeverDelaysAndIsBoundedAndEndsWithTheGateway) {
  std::atomic<int> asked{0};
  std::atomic<bool> over{false};
  TestServer small([&](const TestMessage&, TestSocket&) {
    ++asked;
    WaitFor([&] { return over.load(); });  // never answers
  });
  TestServer big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kShadow);
  options_.routing.shadows = 2;
  StartWith(small, big, "big");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask({.body = ChatBody()}).status(), 200);
  EXPECT_TRUE(WaitFor([&] { return asked == 2; }));
  EXPECT_TRUE(Counted("left_out", 8));
  EXPECT_EQ(asked, 2);
  const auto recorded = Recorded();  // stops the gateway, and with it the two that wait
  over = true;
  EXPECT_EQ(recorded.size(), 10u);
  for (const Exchange& exchange : recorded) EXPECT_EQ(exchange.answers.size(), 1u);
}

TEST_F(ShadowTest, AFailureIsTheShadowsOwn) {
  TestServer small(AlwaysStatus(500, R"({"error":{"message":"broken"}})"));
  TestServer big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kShadow);
  StartWith(small, big, "big");
  EXPECT_EQ(Ask({.body = ChatBody()}).Header("x-understudy-outcome"), "served");
  EXPECT_TRUE(Counted("failed", 1));
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.at(0).answers.size(), 2u);
  EXPECT_EQ(recorded[0].answers[1].verdict.kind, VerdictKind::kError);
  EXPECT_THAT(recorded[0].answers[1].error, HasSubstr("answered 500"));
}

TEST_F(ShadowTest, NoneOfACallThatTheReferenceDidNotAnswer) {
  TestServer small(AlwaysAnswer("four")), big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kCanary);
  StartWith(small, big, "tiny");
  EXPECT_EQ(Ask({.body = ChatBody()}).Header("x-understudy-model"), "tiny");
  EXPECT_EQ(Recorded().at(0).answers.size(), 1u);
}

TEST_F(ShadowTest, AnAnswerThatTheRouterIsNotSureOfIsEscalated) {
  TestServer small(AlwaysAnswer("five")), big(AlwaysAnswer("four"));
  Deploy(DeploymentStage::kLive);
  StartWith(small, big, "tiny", 0.4);
  const TestMessage answer = Ask({.body = ChatBody()});
  EXPECT_EQ(answer.body, AnswerBody("four"));
  EXPECT_EQ(answer.Header("x-understudy-outcome"), "escalated");
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.at(0).answers.size(), 2u);
  EXPECT_EQ(recorded[0].answers[0].verdict.kind, VerdictKind::kLowConfidence);
  EXPECT_EQ(recorded[0].answers[0].verdict.detail, "0.4000 is below 0.5000");
}

// What was promised of a deployment counts on its verdict, so its stream never flows before it.
TEST_F(ShadowTest, ADeploymentsStreamIsHeldAlsoWhereStreamsFlow) {
  TestServer small(AlwaysAnswer("five")), big([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("four", "stop"))));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.routing.stream = "flow";
  Deploy(DeploymentStage::kLive);
  StartWith(small, big, "tiny", 0.4);
  const TestMessage answer = Ask({.body = ChatBody("m", R"(,"stream":true)")});
  EXPECT_THAT(answer.body, HasSubstr("four"));
  EXPECT_THAT(answer.body, Not(HasSubstr("five")));
}

TEST(ShadowFor, IsDueOnlyWhereItCanBeCompared) {
  Deployments all;
  all.deployments = {
      {.id = "d-1", .task = "t-1", .model = "tiny", .stage = DeploymentStage::kLive},
      {.id = "d-2", .task = "t-2", .model = "tiny", .stage = DeploymentStage::kShadow},
      {.id = "d-3", .task = "t-3", .model = "tiny", .stage = DeploymentStage::kRetired}};
  Exchange exchange;
  exchange.answers.push_back({.kind = AnswerKind::kReference, .model = "big"});
  Decision decision{.task = "t-2"};
  ASSERT_TRUE(ShadowFor(all, exchange, decision));
  EXPECT_EQ(ShadowFor(all, exchange, decision)->id, "d-2");
  decision.task = "t-1";
  EXPECT_FALSE(ShadowFor(all, exchange, decision));  // live, and not to explore
  decision.explored = true;
  EXPECT_TRUE(ShadowFor(all, exchange, decision));
  decision.task = "t-3";
  EXPECT_FALSE(ShadowFor(all, exchange, decision));
  decision.task = "";
  EXPECT_FALSE(ShadowFor(all, exchange, decision));
  decision.task = "t-2";
  exchange.outcome = Outcome::kEscalated;
  EXPECT_FALSE(ShadowFor(all, exchange, decision));
}

}  // namespace
}  // namespace understudy
