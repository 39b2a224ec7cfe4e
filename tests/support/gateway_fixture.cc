#include "support/gateway_fixture.h"

#include <unistd.h>

#include <atomic>
#include <future>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/json.h"
#include "store/usage_store.h"

namespace understudy {

std::string HttpBytes(const TestCall& call) {
  std::string bytes = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n", call.method, call.path);
  for (const std::string& header : call.headers) bytes += header + "\r\n";
  if (call.method == "POST") {
    bytes +=
        fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", call.body.size());
  }
  return bytes + "\r\n" + call.body;
}

std::string ChatBody(std::string_view model, std::string_view extra) {
  return fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"hello"}}]{}}})",
                     model, extra);
}

std::string AnswerBody(std::string_view content, std::string_view finish) {
  return fmt::format(
      R"({{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"up","choices":[{{)"
      R"("index":0,"message":{{"role":"assistant","content":{}}},"finish_reason":"{}"}}],)"
      R"("usage":{{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}}})",
      JsonString(content), finish);
}

std::string ChunkBody(std::string_view content, std::string_view finish) {
  const std::string reason = finish.empty() ? "null" : fmt::format("\"{}\"", finish);
  return fmt::format(
      R"({{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"up",)"
      R"("choices":[{{"index":0,"delta":{{"content":{}}},"finish_reason":{}}}]}})",
      JsonString(content), reason);
}

TestServer::Script AlwaysAnswer(std::string content) {
  return [content](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, AnswerBody(content)));
  };
}

TestServer::Script AlwaysStatus(int status, std::string body) {
  return [status, body](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(status, body));
  };
}

GatewayTest::GatewayTest() {
  static std::atomic<int> number{0};
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("understudy-gateway-{}-{}", ::getpid(), number++);
  std::filesystem::create_directories(folder);
  options_.workspace = folder.string();
  options_.server.listen = "127.0.0.1:0";
  options_.server.threads = 2;
  options_.server.shutdown_grace_s = 5;
}

GatewayTest::~GatewayTest() {
  Stop();
  std::filesystem::remove_all(options_.workspace);
}

ModelOptions GatewayTest::Upstream(const std::string& name, const TestServer& server, bool small) {
  ModelOptions model;
  model.name = name;
  model.kind = "openai";
  model.url = server.url() + "/v1";
  model.small = small;
  model.retries = 0;
  model.input_usd = 2;
  model.output_usd = 10;
  return model;
}

ModelOptions GatewayTest::Dead(const std::string& name) {
  ModelOptions model;
  model.name = name;
  model.kind = "openai";
  model.url = "http://127.0.0.1:9/v1";
  model.retries = 0;
  return model;
}

void GatewayTest::Start() {
  runtime_ = std::make_unique<Runtime>(static_cast<size_t>(options_.server.threads));
  auto gateway = Gateway::Make(options_, *runtime_, router_);
  ASSERT_TRUE(gateway) << gateway.error().ToString();
  gateway_ = std::move(*gateway);
  const Status listening = gateway_->Listen();
  ASSERT_TRUE(listening) << listening.error().ToString();
  const std::string url = gateway_->url();
  port_ = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  runtime_->Start();
}

void GatewayTest::Stop() {
  if (!gateway_) return;
  std::promise<void> stopped;
  gateway_->Stop([&] { stopped.set_value(); });
  stopped.get_future().wait();
  runtime_->Stop();
  runtime_->Join();
  gateway_.reset();
  runtime_.reset();
}

TestMessage GatewayTest::Ask(const TestCall& call) const {
  TestSocket socket = Connect();
  socket.Send(HttpBytes(call));
  return socket.ReceiveMessage();
}

std::vector<Exchange> GatewayTest::Recorded() {
  Stop();
  std::vector<Exchange> exchanges;
  auto store = OpenSqliteStore(std::filesystem::path(options_.workspace) / "store.db");
  EXPECT_TRUE(store) << store.error().ToString();
  const Status scanned = (*store)->Scan({}, [&](Exchange&& exchange) {
    exchanges.push_back(std::move(exchange));
    return true;
  });
  EXPECT_TRUE(scanned);
  return exchanges;
}

std::string GatewayTest::Metrics() const {
  return Ask({.body = "", .headers = {}, .path = "/metrics", .method = "GET"}).body;
}

}  // namespace understudy
