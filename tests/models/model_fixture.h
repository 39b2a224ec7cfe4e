// What the tests of models share: a serving thread's context, and requests to ask with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/runtime.h"
#include "models/model.h"
#include "support/run_task.h"

namespace understudy {

inline ChatRequest TestRequest(std::string body) {
  auto request = ParseChatRequest(std::move(body));
  EXPECT_TRUE(request) << request.error().ToString();
  return request ? *std::move(request) : ChatRequest();
}

inline ChatRequest AskFor(std::string_view user) {
  return TestRequest(fmt::format(
      R"({{"model":"understudy/auto","messages":[{{"role":"user","content":"{}"}}]}})", user));
}

// The test's thread plays the one serving thread: RunTask runs its context.
class ModelTest : public ::testing::Test {
 protected:
  boost::asio::io_context& context() { return runtime_.context(0); }

  ModelRequest Ask(const ChatRequest& chat) {
    return ModelRequest{.chat = chat, .cancellation = cancellation_};
  }
  Result<ChatAnswer> Complete(Model& model, const ChatRequest& chat) {
    ModelRequest request = Ask(chat);
    auto answer = RunTask(context(), model.Complete(request));
    retries_ = request.retries;
    return answer;
  }
  Result<std::unique_ptr<AnswerStream>> Stream(Model& model, const ChatRequest& chat) {
    ModelRequest request = Ask(chat);
    auto stream = RunTask(context(), model.Stream(request));
    retries_ = request.retries;
    return stream;
  }
  // All chunks' payloads to the end, or the error.
  Result<std::vector<std::string>> Drain(AnswerStream& stream) {
    std::vector<std::string> payloads;
    while (true) {
      TRY(auto chunk, RunTask(context(), stream.Next()));
      if (!chunk) return payloads;
      payloads.push_back(std::move(chunk->data));
    }
  }
  void CancelAfter(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([this](auto) { cancellation_.Cancel(CancelReason::kClientGone); });
  }

  Runtime runtime_{1};
  Cancellation cancellation_;
  boost::asio::steady_timer timer_{runtime_.context(0)};
  int retries_ = 0;
};

}  // namespace understudy
