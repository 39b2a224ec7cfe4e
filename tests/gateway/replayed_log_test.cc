// A whole recorded log through a gateway whose reference replays it: every answer equal, none lost.
#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/exchange_json.h"
#include "chat/sse.h"
#include "support/agent_log.h"
#include "support/gateway_fixture.h"
#include "support/paths.h"

namespace understudy {
namespace {

constexpr int kClients = 4;

struct Recording {
  std::string request;
  ChatAnswer answer;
};

std::vector<Recording> ReadLog(const std::string& path) {
  std::vector<Recording> log;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    auto exchange = ParseExchangeLine(line);
    if (!exchange) throw std::runtime_error(exchange.error().ToString());
    log.push_back({exchange->request, *ParseChatAnswer(exchange->response)});
  }
  return log;
}

// The body of a plain request with "stream":true put in front.
std::string Streaming(const std::string& request) {
  return R"({"stream":true,)" + request.substr(request.find('{') + 1);
}

ChatAnswer AnswerOf(const TestMessage& message, bool streamed) {
  if (!streamed) return *ParseChatAnswer(message.body);
  SseParser parser;
  parser.Feed(message.body);
  AnswerBuilder builder;
  for (auto event = parser.Next(); event && *event; event = parser.Next()) {
    if ((*event)->data != "[DONE]") builder.Add(*ParseChatChunk((*event)->data));
  }
  return std::move(builder).Build(0);
}

class ReplayedLogTest : public GatewayTest {
 protected:
  void ReplayAll(const std::string& path) {
    ModelOptions model;
    model.name = "recorded";
    model.kind = "replay";
    model.file = path;
    options_.models = {model};
    const auto log = ReadLog(path);
    Start();
    std::atomic<size_t> next{0}, equal{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([&] {
        TestSocket socket = Connect();
        for (size_t at = next++; at < log.size(); at = next++) {
          const bool stream = at % 3 == 0;
          socket.Send(HttpBytes({.body = stream ? Streaming(log[at].request) : log[at].request}));
          const TestMessage message = socket.ReceiveMessage();
          if (message.status() == 200 && SameAnswer(AnswerOf(message, stream), log[at].answer)) {
            ++equal;
          }
        }
      });
    }
    for (auto& client : clients) client.join();
    EXPECT_EQ(equal, log.size());
    std::set<std::string> ids;
    for (const Exchange& exchange : Recorded()) ids.insert(exchange.id);
    EXPECT_EQ(ids.size(), log.size()) << "exchanges lost in the store";
  }
};

TEST_F(ReplayedLogTest, TheDemosLog) {
  ReplayAll((SourceFolder() / "examples/office/exchanges.jsonl").string());
}

TEST_F(ReplayedLogTest, ALogMadeByPeople) {
  if (!AgentLogLines("sgd_dev.jsonl")) GTEST_SKIP() << AgentLogMissing("sgd_dev.jsonl");
  ReplayAll(AgentLogPath("sgd_dev.jsonl").string());
}

}  // namespace
}  // namespace understudy
