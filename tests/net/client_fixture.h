// An HttpClient on a context of its own, for tests that call it step by step.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "net/client.h"
#include "support/run_task.h"
#include "support/test_server.h"

namespace understudy {

// One client on a context of its own, and short ways to use it.
struct Client {
  boost::asio::io_context context{1};
  HttpClient http;
  Cancellation cancellation;
  Headers headers;

  explicit Client(const std::string& url, ClientOptions options = {})
      : http(context, ParseUrl(url).value(), options) {}

  Result<std::unique_ptr<HttpReply>> Send(std::string_view method, std::string_view target,
                                          std::string_view body = "") {
    return RunTask(context, http.Send(method, target, headers, body, cancellation));
  }
  Result<std::string> Body(HttpReply& reply, size_t max = 1 << 30) {
    return RunTask(context, reply.ReadAll(max));
  }
  // The whole body, or the error's text.
  std::string Post(std::string_view body, std::string_view target = "/") {
    auto reply = Send("POST", target, body);
    if (!reply) return reply.error().ToString();
    const auto all = Body(**reply);
    return all ? *all : all.error().ToString();
  }
};

inline TestServer::Script Answer(std::string bytes) {
  return [bytes = std::move(bytes)](const TestMessage&, TestSocket& client) { client.Send(bytes); };
}

inline TestServer::Script AnswerThenClose(std::string bytes) {
  return [bytes = std::move(bytes)](const TestMessage&, TestSocket& client) {
    client.Send(bytes);
    client.Close();
  };
}

}  // namespace understudy
