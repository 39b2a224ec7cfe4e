// A LocalModel of the tiny model on the real llama-server, and short ways to ask it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "models/local_model.h"
#include "support/llama.h"
#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace understudy::testing {

class LocalModelTest : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{60};

  void SetUp() override {
    SKIP_WITHOUT_LLAMA_SERVER();
    runtime_.Start();
  }

  static ModelOptions TinyOptions() {
    ModelOptions options;
    options.name = "tiny";
    options.gguf = TinyModel().model;
    options.adapters = {{"a", TinyModel().adapter_a}, {"b", TinyModel().adapter_b}};
    options.slots = 4;
    options.context = 1024;
    options.model_threads = 1;
    return options;
  }

  // Ready, or the test has failed.
  std::shared_ptr<LocalModel> Start(const ModelOptions& options) {
    auto model = LocalModel::MakeWith(FindLlamaServerPath("").value(), options, {},
                                      workspace_.path(), runtime_);
    EXPECT_TRUE(model.has_value()) << model.error().ToString();
    if (!model) return nullptr;
    const auto ready = (*model)->WaitReady(kPatience);
    EXPECT_TRUE(ready.has_value()) << ready.error().ToString();
    return *std::move(model);
  }

  // Runs on a serving thread; waits for the end.
  template <class T>
  T Run(Task<T> task, size_t thread = 0) {
    return Begin(std::move(task), thread).get();
  }
  template <class T>
  std::future<T> Begin(Task<T> task, size_t thread = 0) {
    auto promise = std::make_shared<std::promise<T>>();
    boost::asio::co_spawn(runtime_.context(thread), std::move(task),
                          [promise](const std::exception_ptr& thrown, T value) {
                            if (thrown) return promise->set_exception(thrown);
                            promise->set_value(std::move(value));
                          });
    return promise->get_future();
  }

  // {"messages":[user], MORE}
  static std::string Body(std::string_view user, std::string_view more) {
    return fmt::format(R"({{"model":"x","messages":[{{"role":"user","content":{}}}],{}}})",
                       JsonString(user), more);
  }

  static Task<Result<ChatAnswer>> Ask(std::shared_ptr<LocalModel> model, std::string body,
                                      std::string adapter, bool stream) {
    const auto chat = ParseChatRequest(std::move(body));
    Cancellation cancellation;
    ModelRequest request{*chat, {}, adapter, cancellation};
    if (!stream) co_return co_await model->Complete(request);
    CO_TRY(const auto chunks, co_await model->Stream(request));
    AnswerBuilder builder;
    for (;;) {
      CO_TRY(const auto chunk, co_await chunks->Next());
      if (!chunk) co_return std::move(builder).Build(0);
      builder.Add(*chunk);
    }
  }
  Result<ChatAnswer> AskNow(const std::shared_ptr<LocalModel>& model, std::string body,
                            std::string adapter = "", bool stream = false) {
    return Run(Ask(model, std::move(body), std::move(adapter), stream));
  }

  static Task<Result<std::string>> Get(std::shared_ptr<LocalModel> model, std::string method,
                                       std::string target, std::string body) {
    Cancellation cancellation;
    const auto generation = model->generation();
    Headers headers;
    headers.Add("content-type", "application/json");
    CO_TRY(const auto reply, co_await generation->ClientOfThisThread().Send(method, target, headers,
                                                                            body, cancellation));
    co_return co_await reply->ReadAll(size_t{1} << 20);
  }
  // How many of the server's slots work.
  int BusySlots(const std::shared_ptr<LocalModel>& model) {
    const auto body = Run(Get(model, "GET", "/slots", ""));
    EXPECT_TRUE(body.has_value()) << body.error().ToString();
    int busy = 0;
    const auto slots = ParseJson(*body);  // named: a temporary would not outlive the loop's start
    for (const json::value& slot : slots->as_array()) {
      busy += BoolOr(slot, "is_processing", false);
    }
    return busy;
  }

  static bool Eventually(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  TempFolder workspace_;
  Runtime runtime_{2};
};

}  // namespace understudy::testing
