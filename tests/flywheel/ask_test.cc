#include "flywheel/evaluate/ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <numeric>

namespace understudy {
namespace {

// The model upstream: answers after a moment, or fails as told.
class FakeModel final : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  ModelHealth health() const override { return {}; }
  Task<Result<ChatAnswer>> Complete(ModelRequest& request) override {
    most_at_once = std::max(most_at_once, ++now_);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, pause);
    const Cancellation::Scope scope(request.cancellation, [&timer] { timer.cancel(); });
    boost::system::error_code ignored;
    co_await timer.async_wait(boost::asio::redirect_error(kUseTask, ignored));
    --now_;
    ++asked;
    signals = signals && request.signals;
    deployment = request.deployment;
    if (request.cancellation.cancelled()) co_return Fail(request.cancellation.ToError());
    if (asked <= away) co_return Fail(Unavailable("starting"));
    if (request.chat.messages.at(0).text == "too long") {
      co_return Fail(InvalidInput("does not fit"));
    }
    request.first_chunk_at = Clock::System().Now();
    ChatAnswer answer;
    answer.choices.emplace_back().content = request.chat.messages.at(0).text;
    co_return answer;
  }
  Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest&) override {
    co_return Fail(Unsupported("not here"));
  }

  std::chrono::milliseconds pause{2};
  int away = 0;  // so many calls fail at first
  int asked = 0, most_at_once = 0;
  bool signals = true;
  std::string deployment;

 private:
  ModelInfo info_;
  int now_ = 0;
};

class AskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    runtime_.Start();
    for (int i = 0; i < 12; ++i) {
      EvalExample example;
      example.row = i;
      example.ask.messages.push_back({.text = i == 5 ? "too long" : fmt::format("q{}", i)});
      examples_.push_back(std::move(example));
    }
    todo_.resize(examples_.size());
    std::iota(todo_.begin(), todo_.end(), 0);
    plan_.at_once = 3;
    plan_.deployment = "candidate";
    plan_.on_answer = [this](const EvalExample& example, Asked asked) -> Status {
      answered_.push_back(example.row);
      failed_ += !asked.answer;
      if (asked.answer) {
        EXPECT_EQ(asked.answer->choices[0].content, example.ask.messages[0].text);
        EXPECT_LE(asked.first_ms, asked.ms);
      }
      return {};
    };
    plan_.on_step = [](int64_t) { return Status(); };
  }
  Status Run() {
    plan_.examples = examples_;
    plan_.todo = todo_;
    return AskAll(model_, runtime_, plan_);
  }

  Runtime runtime_{1};
  FakeModel model_;
  std::vector<EvalExample> examples_;
  std::vector<size_t> todo_;
  AskPlan plan_;
  std::vector<int64_t> answered_;
  int failed_ = 0;
};

TEST_F(AskTest, AsksEachOnceSomeAtOnce) {
  ASSERT_TRUE(Run());
  std::ranges::sort(answered_);
  EXPECT_EQ(answered_.size(), 12u);
  EXPECT_EQ(std::ranges::unique(answered_).size(), 0u);
  EXPECT_EQ(failed_, 1) << "what cannot be answered is an answer too";
  EXPECT_EQ(model_.most_at_once, 3);
  EXPECT_EQ(model_.deployment, "candidate");
  EXPECT_TRUE(model_.signals);
}

TEST_F(AskTest, OnlyWhatIsLeftIsAsked) {
  todo_ = {4, 7};
  ASSERT_TRUE(Run());
  EXPECT_THAT(answered_, testing::UnorderedElementsAre(4, 7));
  todo_ = {};
  ASSERT_TRUE(Run());
  EXPECT_EQ(answered_.size(), 2u);
}

TEST_F(AskTest, AStopEndsItAndCancelsWhatIsUnderWay) {
  model_.pause = std::chrono::minutes(5);
  plan_.on_step = [](int64_t) -> Status { return Fail(Cancelled("stop")); };
  const Status ended = Run();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "stop");
  EXPECT_TRUE(answered_.empty()) << "a cancelled call is no answer";
}

TEST_F(AskTest, AnAnswerThatCannotBeKeptEndsIt) {
  plan_.on_answer = [](const EvalExample&, const Asked&) -> Status {
    return Fail(IoError("disk full"));
  };
  EXPECT_EQ(Run().error().message, "disk full");
}

TEST_F(AskTest, AModelThatIsAwayIsAskedAgain) {
  model_.away = 2;
  ASSERT_TRUE(Run());
  EXPECT_EQ(answered_.size(), 12u);
  EXPECT_EQ(failed_, 1);
  EXPECT_EQ(model_.asked, 14);
}

}  // namespace
}  // namespace understudy
