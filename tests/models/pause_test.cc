#include "models/pause.h"

#include <gtest/gtest.h>

#include "support/run_task.h"

namespace understudy {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(PauseTest, LastsAtLeastItsTime) {
  Cancellation cancellation;
  const Monotonic begun = Clock::System().Now();
  EXPECT_TRUE(RunTask(Pause(milliseconds(30), cancellation)));
  EXPECT_GE(Clock::System().Now() - begun, milliseconds(30));
  EXPECT_TRUE(RunTask(Pause(milliseconds(-5), cancellation)));
}

TEST(PauseTest, EndsAtOnceWhenCancelled) {
  boost::asio::io_context context(1);
  Cancellation cancellation;
  boost::asio::steady_timer timer(context, milliseconds(20));
  timer.async_wait([&](auto) { cancellation.Cancel(CancelReason::kClientGone); });
  const Status ended = RunTask(context, Pause(hours(1), cancellation));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kCancelled);
  const Status after = RunTask(context, Pause(hours(1), cancellation));
  ASSERT_FALSE(after) << "cancelled before it began";
}

}  // namespace
}  // namespace understudy
