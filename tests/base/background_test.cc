#include "base/background.h"

#include <sched.h>
#include <sys/resource.h>

#include <thread>

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(GiveWay, ChangesTheCallingThreadAlone) {
  const int policy = ::sched_getscheduler(0);
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  int background_policy = -1, background_nice = -1;
  std::thread([&] {
    GiveWay();
    background_policy = ::sched_getscheduler(0);
    background_nice = ::getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_EQ(background_policy, SCHED_BATCH);
  EXPECT_GE(background_nice, 5);
  EXPECT_EQ(::sched_getscheduler(0), policy);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), nice);
}

}  // namespace
}  // namespace understudy
