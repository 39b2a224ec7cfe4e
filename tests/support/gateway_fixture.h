// A whole gateway on loopback, with scripted upstreams, for tests that speak HTTP to it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/options.h"
#include "base/runtime.h"
#include "chat/exchange.h"
#include "gateway/gateway.h"
#include "support/test_server.h"
#include "support/test_socket.h"

namespace understudy {

// What a client sends: extra head lines ("name: value"), and a body.
struct TestCall {
  std::string body;
  std::vector<std::string> headers;
  std::string path = "/v1/chat/completions";
  std::string method = "POST";
};
std::string HttpBytes(const TestCall& call);

// {"model":MODEL,"messages":[{"role":"user","content":"hello"}]EXTRA}
std::string ChatBody(std::string_view model = "gpt-4o", std::string_view extra = "");
// A whole plain answer with this content; usage 10 + 5.
std::string AnswerBody(std::string_view content, std::string_view finish = "stop");
// One chunk's JSON.
std::string ChunkBody(std::string_view content, std::string_view finish = "");

// Scripts for TestServer.
TestServer::Script AlwaysAnswer(std::string content);
TestServer::Script AlwaysStatus(int status, std::string body);

class GatewayTest : public testing::Test {
 protected:
  GatewayTest();
  ~GatewayTest() override;

  // An "openai" model at the upstream; `small` makes its answers verified.
  ModelOptions Upstream(const std::string& name, const TestServer& server, bool small = false);
  // A model where nobody listens.
  static ModelOptions Dead(const std::string& name);

  // Starts the gateway with `options_`; EXPECTs success.
  void Start();
  // Stops it gracefully and waits; what was recorded can be read afterwards.
  void Stop();

  TestSocket Connect() const { return TestSocket::Connect(port_); }
  TestMessage Ask(const TestCall& call) const;  // one call on a fresh connection
  std::vector<Exchange> Recorded();             // stops the gateway first
  std::string Metrics() const;

  Options options_;
  RouterMaker router_ = MakeRouter;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Gateway> gateway_;
  uint16_t port_ = 0;
};

}  // namespace understudy
