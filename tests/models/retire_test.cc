#include "models/retire.h"

#include <future>

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

namespace understudy {
namespace {

// Tells on which thread, and when, it was destroyed.
class Mortal final : public Model {
 public:
  explicit Mortal(std::promise<std::thread::id>& grave, std::chrono::milliseconds slow = {})
      : grave_(grave), slow_(slow) {}
  ~Mortal() override {
    std::this_thread::sleep_for(slow_);
    grave_.set_value(std::this_thread::get_id());
  }
  const ModelInfo& info() const override { return info_; }
  ModelHealth health() const override { return {}; }
  Task<Result<ChatAnswer>> Complete(ModelRequest&) override { co_return ChatAnswer(); }
  Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest&) override {
    co_return Fail(InternalError("not asked here"));
  }

 private:
  std::promise<std::thread::id>& grave_;
  std::chrono::milliseconds slow_;
  ModelInfo info_;
};

TEST(RetireTest, OutsideOfServingItEndsAtOnce) {
  Runtime runtime(1);
  std::promise<std::thread::id> grave;
  auto model = RetireElsewhere(std::make_shared<Mortal>(grave), runtime);
  model.reset();
  auto where = grave.get_future();
  ASSERT_EQ(where.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(where.get(), std::this_thread::get_id());
}

TEST(RetireTest, OnAServingThreadItEndsOnAnother) {
  Runtime runtime(1);
  runtime.Start();
  std::promise<std::thread::id> grave, server;
  auto model =
      RetireElsewhere(std::make_shared<Mortal>(grave, std::chrono::milliseconds(30)), runtime);
  boost::asio::post(runtime.context(0), [&, model = std::move(model)]() mutable {
    EXPECT_TRUE(OnServingThread(runtime));
    model.reset();
    server.set_value(std::this_thread::get_id());
  });
  const auto serving = server.get_future().get();
  WaitForRetired();
  auto where = grave.get_future();
  ASSERT_EQ(where.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_NE(where.get(), serving);
  EXPECT_FALSE(OnServingThread(runtime));
}

}  // namespace
}  // namespace understudy
