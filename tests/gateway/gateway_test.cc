// The gateway as a whole: reload under traffic, graceful stop, strict recording.
#include "gateway/gateway.h"

#include <thread>

#include <gmock/gmock.h>

#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;

TEST_F(GatewayTest, AReloadChangesTheRouteWithoutDroppingARequest) {
  TestServer one(AlwaysAnswer("one")), two(AlwaysAnswer("two"));
  options_.models = {Upstream("one", one), Upstream("two", two)};
  options_.routing.reference = "one";
  Start();
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, failed{0}, by_two{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      TestSocket socket = Connect();
      while (!stop) {
        socket.Send(HttpBytes({.body = ChatBody()}));
        const TestMessage answer = socket.ReceiveMessage();
        answer.status() == 200 ? ++answered : ++failed;
        if (answer.Header("x-understudy-model") == "two") ++by_two;
      }
    });
  }
  ASSERT_TRUE(WaitFor([&] { return answered > 50; }));
  for (int i = 0; i < 20; ++i) {
    options_.routing.reference = i % 2 ? "one" : "two";
    ASSERT_TRUE(gateway_->Reload(options_));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  options_.routing.reference = "two";
  ASSERT_TRUE(gateway_->Reload(options_));
  const int so_far = by_two;
  EXPECT_TRUE(WaitFor([&] { return by_two > so_far + 20; }));
  stop = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Recorded().size(), static_cast<size_t>(answered));
}

TEST_F(GatewayTest, AReloadThatNeedsARestartChangesNothing) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  Start();
  Options changed = options_;
  changed.server.listen = "127.0.0.1:1";
  changed.models.clear();
  const Status reloaded = gateway_->Reload(changed);
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().ToString(), HasSubstr("server.listen"));
  EXPECT_EQ(Ask({.body = ChatBody()}).status(), 200);
}

TEST_F(GatewayTest, AStopLetsAStreamFinish) {
  std::atomic<bool> go_on{false};
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestChunk(TestEvent(ChunkBody("first "))));
    WaitFor([&] { return go_on.load(); });
    client.Send(TestChunk(TestEvent(ChunkBody("last", "stop"))));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  TestSocket client = Connect();
  client.Send(HttpBytes({.body = ChatBody("m", R"(,"stream":true)")}));
  client.ReceiveUntil("first ");
  std::thread stopper([&] { Stop(); });
  EXPECT_TRUE(WaitFor([&] { return !Connect().open(); }));
  go_on = true;
  EXPECT_THAT(client.ReceiveAll(), HasSubstr("[DONE]"));
  stopper.join();
  EXPECT_EQ(Recorded().size(), 1U);
}

TEST_F(GatewayTest, RecordsStrictlyBeforeTheAnswerEnds) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  options_.record.mode = "strict";
  Start();
  const std::string id = Ask({.body = ChatBody()}).Header("x-understudy-id");
  auto reader = OpenSqliteStore(std::filesystem::path(options_.workspace) / "store.db");
  ASSERT_TRUE(reader);
  EXPECT_TRUE((*reader)->Get(id)) << "the answer came before its record";
}

TEST_F(GatewayTest, ServesWithRecordingOff) {
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  options_.record.enabled = false;
  Start();
  EXPECT_EQ(Ask({.body = ChatBody()}).status(), 200);
  Stop();
  EXPECT_FALSE(std::filesystem::exists(options_.workspace + "/store.db"));
}

}  // namespace
}  // namespace understudy
