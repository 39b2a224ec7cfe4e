#include "models/limit.h"

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(ConcurrencyLimitTest, RefusesOneTooManyAndNamesTheModel) {
  ConcurrencyLimit limit(2);
  auto first = limit.Take("big");
  std::optional second = limit.Take("big");
  ASSERT_TRUE(first && *second);
  const auto third = limit.Take("big");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::kTooMany);
  EXPECT_TRUE(third.error().retryable);
  EXPECT_NE(third.error().message.find("\"big\""), std::string::npos);
  EXPECT_EQ(limit.running(), 2);
  second.reset();
  EXPECT_TRUE(limit.Take("big"));
  EXPECT_EQ(limit.running(), 1);
}

TEST(ConcurrencyLimitTest, ZeroIsNoLimit) {
  ConcurrencyLimit limit(0);
  std::vector<ConcurrencyLimit::Place> places;
  for (int i = 0; i < 1000; ++i) {
    auto place = limit.Take("m");
    ASSERT_TRUE(place);
    places.push_back(*std::move(place));
  }
  EXPECT_EQ(limit.running(), 1000);
  places.clear();
  EXPECT_EQ(limit.running(), 0);
}

TEST(ConcurrencyLimitTest, ThreadsNeverExceedIt) {
  ConcurrencyLimit limit(3);
  std::atomic<int> inside{0}, most{0}, served{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto place = limit.Take("m");
        if (!place) continue;
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        ++served;
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most.load(), 3);
  EXPECT_GT(served.load(), 0);
  EXPECT_EQ(limit.running(), 0);
}

}  // namespace
}  // namespace understudy
