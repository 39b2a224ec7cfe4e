#include "models/slot_queue.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime.h"
#include "support/run_task.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;

// Waiters on one context; what they got, in order.
class SlotQueueTest : public ::testing::Test {
 protected:
  struct Asked {
    Cancellation cancellation;
    std::optional<Result<SlotQueue::Lease>> result;
  };

  std::shared_ptr<Asked> Ask(int adapter, int64_t width = 1) {
    auto asked = std::make_shared<Asked>();
    asked_.push_back(asked);
    asio::co_spawn(context_, Wait(queue_, adapter, width, asked, granted_), asio::detached);
    Turn();
    return asked;
  }
  static Task<void> Wait(std::shared_ptr<SlotQueue> queue, int adapter, int64_t width,
                         std::shared_ptr<Asked> asked, std::vector<int>& granted) {
    auto lease = co_await queue->Acquire(adapter, width, asked->cancellation);
    if (lease) granted.push_back(adapter);
    asked->result.emplace(std::move(lease));
  }
  void Turn() {
    context_.restart();
    context_.poll();
  }
  void GiveBack(const std::shared_ptr<Asked>& asked) {
    (**asked->result).Release();
    Turn();
  }
  void Use(int64_t slots, size_t most_waiting = 100) {
    queue_ = std::make_shared<SlotQueue>(slots, most_waiting);
  }

  asio::io_context context_;
  std::vector<int> granted_;  // adapters in the order in which they were let in
  std::vector<std::shared_ptr<Asked>> asked_;
  std::shared_ptr<SlotQueue> queue_ = std::make_shared<SlotQueue>(1, 100);
};

TEST_F(SlotQueueTest, FreeSlotsAreGivenAtOnce) {
  Use(2);
  Ask(0), Ask(1), Ask(2);
  EXPECT_THAT(granted_, ElementsAre(0, 1));
  EXPECT_EQ(queue_->waiting(), 1u);
  EXPECT_EQ(queue_->running(), 2);
}

TEST_F(SlotQueueTest, AFreedSlotGoesToARunningAdapterFirst) {
  Use(2);
  const auto first = Ask(7);
  Ask(7), Ask(8), Ask(7), Ask(8);
  GiveBack(first);
  EXPECT_THAT(granted_, ElementsAre(7, 7, 7)) << "before the 8 that came earlier";
}

TEST_F(SlotQueueTest, NobodyStarves) {
  Use(1);
  auto running = Ask(1);
  const auto other = Ask(2);
  int overtakes = 0;
  for (; !other->result && overtakes < 100; ++overtakes) {
    const auto next = Ask(1);
    const auto again = Ask(1);
    GiveBack(running);
    running = next->result ? next : other;
    again->cancellation.Cancel(CancelReason::kClientGone);
    Turn();
    if (other->result) break;
  }
  EXPECT_TRUE(other->result.has_value());
  EXPECT_LE(overtakes, SlotQueue::kMostOvertakes);
}

TEST_F(SlotQueueTest, AWideRequestIsNotStarvedByNarrowOnes) {
  Use(2);
  auto one = Ask(0), two = Ask(0);
  const auto wide = Ask(0, 2);
  for (int i = 0; i < 100 && !wide->result; ++i) {
    const auto narrow = Ask(0);
    GiveBack(one);
    one = two;
    if (narrow->result) two = narrow;
    if (!narrow->result) {  // the wide one holds the queue now: let the rest end
      GiveBack(one);
      break;
    }
  }
  EXPECT_TRUE(wide->result.has_value());
  EXPECT_EQ(queue_->running(), 2);
}

TEST_F(SlotQueueTest, AFullQueueSaysWhenToComeAgain) {
  Use(1, 2);
  Ask(0), Ask(0), Ask(0);
  const auto refused = Ask(0);
  ASSERT_TRUE(refused->result.has_value());
  ASSERT_FALSE(refused->result->has_value());
  EXPECT_EQ(refused->result->error().kind, ErrorKind::kTooMany);
  EXPECT_TRUE(refused->result->error().retryable);
  EXPECT_TRUE(refused->result->error().retry_after.has_value());
}

TEST_F(SlotQueueTest, ACancelledWaiterLeavesTheQueue) {
  const auto running = Ask(0);
  const auto gone = Ask(0), next = Ask(0);
  gone->cancellation.Cancel(CancelReason::kClientGone);
  Turn();
  ASSERT_TRUE(gone->result.has_value());
  EXPECT_EQ(gone->result->error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(queue_->waiting(), 1u);
  GiveBack(running);
  EXPECT_TRUE(next->result.has_value());
}

TEST_F(SlotQueueTest, OneCancelledAsItIsLetInGivesItsSlotBack) {
  const auto running = Ask(0);
  const auto gone = Ask(0), next = Ask(0);
  (**running->result).Release();                         // grants `gone` ...
  gone->cancellation.Cancel(CancelReason::kClientGone);  // ... which hears both at once
  Turn();
  EXPECT_FALSE(gone->result->has_value());
  EXPECT_TRUE(next->result.has_value());
  EXPECT_EQ(queue_->running(), 1);
}

TEST_F(SlotQueueTest, OneCancelledBeforehandNeverEnters) {
  auto asked = std::make_shared<Asked>();
  asked->cancellation.Cancel(CancelReason::kShutdown);
  asio::co_spawn(context_, Wait(queue_, 0, 1, asked, granted_), asio::detached);
  Turn();
  EXPECT_FALSE(asked->result->has_value());
  EXPECT_EQ(queue_->running(), 0);
}

TEST_F(SlotQueueTest, ADestroyedCoroutineLeavesNothingBehind) {
  Use(1);
  const auto running = Ask(0);
  {
    asio::io_context other;
    auto asked = std::make_shared<Asked>();
    asio::co_spawn(other, Wait(queue_, 0, 1, asked, granted_), asio::detached);
    other.poll();
    EXPECT_EQ(queue_->waiting(), 1u);
  }
  EXPECT_EQ(queue_->waiting(), 0u);
}

TEST(SlotQueue, ManyThreadsNeverHoldMoreThanTheSlots) {
  constexpr int kThreads = 4, kTasks = 40, kRounds = 50;
  Runtime runtime(kThreads);
  const auto queue = std::make_shared<SlotQueue>(3, 10'000);
  std::atomic<int64_t> held = 0, most = 0, done = 0;
  struct Work {
    static Task<void> Run(std::shared_ptr<SlotQueue> queue, int task, std::atomic<int64_t>& held,
                          std::atomic<int64_t>& most, std::atomic<int64_t>& done) {
      Cancellation cancellation;
      for (int round = 0; round < kRounds; ++round) {
        const int64_t width = 1 + (task + round) % 3;
        auto lease = co_await queue->Acquire(task % 3, width, cancellation);
        const int64_t now = held += width;
        for (int64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        co_await asio::post(kUseTask);
        held -= width;
      }
      ++done;
    }
  };
  for (int task = 0; task < kTasks; ++task) {
    asio::co_spawn(runtime.context(task % kThreads), Work::Run(queue, task, held, most, done),
                   asio::detached);
  }
  runtime.Start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (done < kTasks && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(done, kTasks);
  EXPECT_LE(most, 3);
  EXPECT_EQ(queue->running(), 0);
  EXPECT_EQ(queue->waiting(), 0u);
}

}  // namespace
}  // namespace understudy
