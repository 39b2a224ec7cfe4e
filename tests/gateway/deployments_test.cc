// deployments.json under a running gateway, with the real llama-server: adapters come and go, and
// every call is answered by the model that it asked for.
#include <thread>

#include <gmock/gmock.h>

#include "base/file.h"
#include "route/deployments.h"
#include "support/gateway_fixture.h"
#include "support/llama.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::understudy::testing::TinyModel;

class DeployedTest : public GatewayTest {
 protected:
  void SetUp() override { SKIP_WITHOUT_LLAMA_SERVER(); }

  static Deployment Of(std::string id, std::string task, std::string adapter,
                       const std::filesystem::path& file) {
    return {.id = std::move(id),
            .task = std::move(task),
            .model = "tiny",
            .adapter = std::move(adapter),
            .adapter_path = file.string(),
            .stage = DeploymentStage::kLive};
  }
  Status Deploy(std::vector<Deployment> deployments) {
    Deployments all;
    all.models.push_back({.name = "tiny", .gguf = TinyModel().model, .context = 512, .slots = 2});
    all.deployments = std::move(deployments);
    return WriteDeployments(DeploymentsPath(options_.workspace), all);
  }
  static std::string Body(std::string_view task) {
    return ChatBody(fmt::format("understudy/task:{}", task), R"(,"max_tokens":4)");
  }
  bool BecomesReady() {
    return WaitFor(
        [&] { return Ask({.body = Body("t-1")}).Header("x-understudy-model") == "tiny"; });
  }
};

TEST_F(DeployedTest, NoCallIsLostWhileAdaptersComeAndGo) {
  TestServer big(AlwaysAnswer("from the reference"));
  options_.models = {Upstream("big", big)};
  options_.routing.escalate = false;  // random weights say nothing sensible
  ASSERT_TRUE(Deploy({Of("d-1", "t-1", "a", TinyModel().adapter_a)}));
  Start();
  ASSERT_TRUE(BecomesReady());
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, failed{0}, by_others{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&, i] {
      TestSocket socket = Connect();
      const std::string extra = i == 0 ? R"(,"max_tokens":4,"stream":true)" : R"(,"max_tokens":4)";
      while (!stop) {
        socket.Send(HttpBytes({.body = ChatBody("understudy/task:t-1", extra)}));
        const TestMessage answer = socket.ReceiveMessage();
        answer.status() == 200 ? ++answered : ++failed;
        // A stream that waited long began with a comment, before anybody had answered.
        const std::string by = answer.Header("x-understudy-model");
        if (by != "tiny" && !(by.empty() && i == 0)) ++by_others;
      }
    });
  }
  ASSERT_TRUE(WaitFor([&] { return answered > 20; }));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Deploy({Of("d-1", "t-1", "a", TinyModel().adapter_a),
                        Of("d-2", "t-2", "b", TinyModel().adapter_b)}));
    Status reloaded = gateway_->Reload(options_);
    ASSERT_TRUE(reloaded) << reloaded.error().ToString();
    EXPECT_EQ(Ask({.body = Body("t-2")}).Header("x-understudy-model"), "tiny");
    // The task's adapter is another one from now on; those that were decided before it end well.
    ASSERT_TRUE(Deploy({Of("d-3", "t-1", "b", TinyModel().adapter_b)}));
    reloaded = gateway_->Reload(options_);
    ASSERT_TRUE(reloaded) << reloaded.error().ToString();
    const int so_far = answered;
    EXPECT_TRUE(WaitFor([&] { return answered > so_far + 10; }));
  }
  stop = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(by_others, 0);
  EXPECT_GT(answered, 50);
  const auto recorded = Recorded();
  int with_a = 0, with_b = 0;
  for (const Exchange& exchange : recorded) {
    if (exchange.answers.empty() || exchange.answers.back().model != "tiny") continue;
    (exchange.answers.back().deployment == "a" ? with_a : with_b) += 1;
  }
  EXPECT_GT(with_a, 0);
  EXPECT_GT(with_b, 0);
}

TEST_F(DeployedTest, ABrokenFileOrAdapterIsRefusedAndTheOldOneServesOn) {
  TestServer big(AlwaysAnswer("from the reference"));
  options_.models = {Upstream("big", big)};
  options_.routing.escalate = false;
  ASSERT_TRUE(Deploy({Of("d-1", "t-1", "a", TinyModel().adapter_a)}));
  Start();
  ASSERT_TRUE(BecomesReady());
  const auto refused = [&](std::string_view what) {
    const Status reloaded = gateway_->Reload(options_);
    ASSERT_FALSE(reloaded);
    EXPECT_THAT(reloaded.error().ToString(), HasSubstr(what));
    EXPECT_EQ(Ask({.body = Body("t-1")}).Header("x-understudy-model"), "tiny");
  };
  ASSERT_TRUE(WriteFileAtomically(DeploymentsPath(options_.workspace), R"({"v":1,"models":7})"));
  refused("models must be a list");
  ASSERT_TRUE(Deploy({Of("d-1", "t-1", "a", TinyModel().adapter_a),
                      Of("d-2", "t-2", "not-an-adapter", TinyModel().model)}));
  refused("adapters[1]");
  ASSERT_TRUE(Deploy({Of("d-1", "t-1", "a", "/nowhere.gguf")}));
  refused("nowhere");
}

TEST_F(DeployedTest, AFileThatIsWrongFromTheStartIsSaid) {
  TestServer big(AlwaysAnswer("x"));
  options_.models = {Upstream("big", big)};
  ASSERT_TRUE(WriteFileAtomically(DeploymentsPath(options_.workspace), "{"));
  Runtime runtime(1);
  const auto gateway = Gateway::Make(options_, runtime);
  ASSERT_FALSE(gateway);
  EXPECT_THAT(gateway.error().ToString(), HasSubstr("deployments.json"));
}

}  // namespace
}  // namespace understudy
