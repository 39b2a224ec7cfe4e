#include "models/retry.h"

#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kNowMs = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

Headers With(std::string_view name, std::string_view value) {
  Headers headers;
  headers.Add(name, value);
  return headers;
}

TEST(RetryTest, WaitsAreJitteredAndBounded) {
  ManualClock clock;
  RetryPolicy policy;
  policy.retries = 12;
  milliseconds longest{0}, shortest = milliseconds::max();
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RetryBudget budget(1, 100, 0, clock);
    Retry retry(policy, budget, seed, clock);
    for (int64_t i = 0; i < policy.retries; ++i) {
      const auto wait = retry.Next(Unavailable("x"));
      ASSERT_TRUE(wait);
      EXPECT_GE(wait->count(), 0);
      EXPECT_LE(*wait, std::min(policy.longest, policy.base * (1 << i))) << "try " << i;
      longest = std::max(longest, *wait);
      shortest = std::min(shortest, *wait);
    }
    EXPECT_FALSE(retry.Next(Unavailable("x"))) << "no more than policy.retries";
    EXPECT_EQ(retry.count(), policy.retries);
  }
  EXPECT_GT(longest, milliseconds(7000));
  EXPECT_LT(shortest, milliseconds(20));
}

TEST(RetryTest, OneSeedOneSequence) {
  ManualClock clock;
  RetryPolicy policy;
  policy.retries = 5;
  RetryBudget budget(1, 100, 0, clock);
  Retry a(policy, budget, 42, clock), b(policy, budget, 42, clock);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(a.Next(Unavailable("x")), b.Next(Unavailable("x")));
}

TEST(RetryTest, NeverForWhatCannotSucceedNorAfterCancellation) {
  ManualClock clock;
  const RetryPolicy policy;
  RetryBudget budget(1, 100, 0, clock);
  Retry retry(policy, budget, 1, clock);
  EXPECT_FALSE(retry.Next(InvalidInput("bad")));
  Error cancelled = Cancelled("gone");
  cancelled.retryable = true;
  EXPECT_FALSE(retry.Next(cancelled));
  EXPECT_EQ(retry.count(), 0);
}

TEST(RetryTest, HonoursTheTimeAnUpstreamNames) {
  ManualClock clock;
  const RetryPolicy policy;
  RetryBudget budget(1, 100, 0, clock);
  Retry retry(policy, budget, 7, clock);
  Error error = Unavailable("x");
  error.retry_after = milliseconds(2000);
  const auto wait = retry.Next(error);
  ASSERT_TRUE(wait);
  EXPECT_GE(*wait, milliseconds(2000));
  EXPECT_LE(*wait, milliseconds(2200));
  error.retry_after = policy.longest_asked + milliseconds(1);
  EXPECT_FALSE(retry.Next(error)) << "the caller is told instead of being made to wait";
}

TEST(RetryTest, NoTryBeginsBeyondTheTimeLimit) {
  ManualClock clock;
  RetryPolicy policy;
  policy.time_limit = seconds(30);
  RetryBudget budget(1, 100, 0, clock);
  Retry retry(policy, budget, 7, clock);
  Error error = Unavailable("x");
  error.retry_after = milliseconds(1000);
  EXPECT_TRUE(retry.Next(error));
  clock.Advance(milliseconds(29'000));
  EXPECT_FALSE(retry.Next(error));
}

TEST(RetryBudgetTest, ADeadUpstreamGetsAFifthMoreRequestsAtMost) {
  ManualClock clock;
  const RetryPolicy policy;
  RetryBudget budget(0.2, 10, 0, clock);
  int tries = 0;
  for (int request = 0; request < 1000; ++request) {
    Retry retry(policy, budget, static_cast<uint64_t>(request), clock);
    while (retry.Next(Unavailable("dead"))) ++tries;
  }
  EXPECT_GE(tries, 200);
  EXPECT_LE(tries, 210);
}

TEST(RetryBudgetTest, ComesBackWithTimeButNotBeyondItsBurst) {
  ManualClock clock;
  RetryBudget budget(0, 2, 0.5, clock);
  EXPECT_TRUE(budget.TakeRetry());
  EXPECT_TRUE(budget.TakeRetry());
  EXPECT_FALSE(budget.TakeRetry());
  clock.Advance(seconds(1));
  EXPECT_FALSE(budget.TakeRetry());
  clock.Advance(seconds(1));
  EXPECT_TRUE(budget.TakeRetry());
  clock.Advance(seconds(3600));
  EXPECT_TRUE(budget.TakeRetry());
  EXPECT_TRUE(budget.TakeRetry());
  EXPECT_FALSE(budget.TakeRetry());
}

TEST(RetryBudgetTest, SurvivesAClockThatIsSetBack) {
  ManualClock clock;
  RetryBudget budget(0, 1, 1, clock);
  EXPECT_TRUE(budget.TakeRetry());
  clock.Advance(seconds(-7200));
  EXPECT_FALSE(budget.TakeRetry());
  clock.Advance(seconds(1));
  EXPECT_TRUE(budget.TakeRetry());
}

TEST(RetryBudgetTest, ThreadsShareIt) {
  ManualClock clock;
  RetryBudget budget(0, 1000, 0, clock);
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) granted += budget.TakeRetry();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted.load(), 1000);
}

TEST(RetryAfterTest, ReadsMillisecondsSecondsAndDates) {
  EXPECT_EQ(RetryAfter(With("Retry-After-Ms", "1500"), kNowMs), milliseconds(1500));
  EXPECT_EQ(RetryAfter(With("retry-after", "2"), kNowMs), seconds(2));
  EXPECT_EQ(RetryAfter(With("retry-after", " 0.25 "), kNowMs), milliseconds(250));
  EXPECT_EQ(RetryAfter(With("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"), kNowMs), seconds(10));
  EXPECT_EQ(RetryAfter(With("retry-after", "Sunday, 06-Nov-94 08:49:38 GMT"), kNowMs), seconds(1));
  EXPECT_EQ(RetryAfter(With("retry-after", "Sun Nov  6 08:49:39 1994"), kNowMs), seconds(2));
  EXPECT_EQ(RetryAfter(With("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), kNowMs), seconds(0));
}

TEST(RetryAfterTest, MillisecondsWinOverSeconds) {
  Headers headers = With("retry-after", "60");
  headers.Add("retry-after-ms", "20");
  EXPECT_EQ(RetryAfter(headers, kNowMs), milliseconds(20));
  headers.Set("retry-after-ms", "soon");
  EXPECT_EQ(RetryAfter(headers, kNowMs), seconds(60));
}

TEST(RetryAfterTest, NonsenseIsAbsentAndHugeIsADay) {
  for (const char* text : {"", " ", "soon", "-1", "1e9", "nan", "inf", "0x10", "12 apples",
                           "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994"}) {
    EXPECT_FALSE(RetryAfter(With("retry-after", text), kNowMs)) << text;
  }
  EXPECT_FALSE(RetryAfter(Headers(), kNowMs));
  EXPECT_EQ(RetryAfter(With("retry-after", std::string(400, '9')), kNowMs).value_or(seconds(0)) <=
                std::chrono::hours(24),
            true);
  EXPECT_EQ(RetryAfter(With("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"), kNowMs),
            std::chrono::hours(24));
}

TEST(ShouldRetryTest, SaysWhatTheUpstreamSays) {
  EXPECT_EQ(ShouldRetry(With("x-should-retry", "true")), true);
  EXPECT_EQ(ShouldRetry(With("X-Should-Retry", "False")), false);
  EXPECT_EQ(ShouldRetry(With("x-should-retry", "perhaps")), std::nullopt);
  EXPECT_EQ(ShouldRetry(Headers()), std::nullopt);
}

}  // namespace
}  // namespace understudy
