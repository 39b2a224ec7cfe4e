#include "models/breaker.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace understudy {
namespace {

using std::chrono::milliseconds;
using State = Breaker::State;

constexpr milliseconds kOpenFor{5000};

void Fail(Breaker& breaker, int times) {
  for (int i = 0; i < times; ++i) breaker.Ask()->Failure();
}

TEST(BreakerTest, OpensAfterFailuresInARow) {
  ManualClock clock;
  Breaker breaker(3, kOpenFor, clock);
  Fail(breaker, 2);
  breaker.Ask()->Success();  // the row is broken
  Fail(breaker, 2);
  EXPECT_EQ(breaker.state(), State::kClosed);
  Fail(breaker, 1);
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_FALSE(breaker.Ask());
  EXPECT_EQ(breaker.times_opened(), 1);
  EXPECT_EQ(breaker.time_left(), kOpenFor);
  clock.Advance(milliseconds(4999));
  EXPECT_FALSE(breaker.Ask());
  EXPECT_EQ(breaker.time_left(), milliseconds(1));
}

TEST(BreakerTest, OneTrialClosesItAgain) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  auto trial = breaker.Ask();
  ASSERT_TRUE(trial);
  EXPECT_FALSE(breaker.Ask()) << "only one trial at a time";
  trial->Success();
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_EQ(breaker.time_left(), milliseconds(0));
  EXPECT_TRUE(breaker.Ask());
}

TEST(BreakerTest, AFailedTrialOpensItAgain) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  breaker.Ask()->Failure();
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_EQ(breaker.times_opened(), 2);
  EXPECT_FALSE(breaker.Ask());
}

TEST(BreakerTest, ACancelledTrialGivesItsPlaceBack) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  {
    auto untold = breaker.Ask();
  }
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  EXPECT_TRUE(breaker.Ask());
}

TEST(BreakerTest, ALostTrialDoesNotKeepItOpenForEver) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  auto hung = breaker.Ask();
  clock.Advance(kOpenFor);
  auto second = breaker.Ask();
  ASSERT_TRUE(second);
  second->Success();
  EXPECT_EQ(breaker.state(), State::kClosed);
  {
    auto gone = std::move(hung);
  }  // its late end changes nothing
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(BreakerTest, AStreamThatBeganWellClosesItAndMayStillFail) {
  ManualClock clock;
  Breaker breaker(2, kOpenFor, clock);
  Fail(breaker, 2);
  clock.Advance(kOpenFor);
  auto stream = breaker.Ask();
  stream->Alive();
  EXPECT_EQ(breaker.state(), State::kClosed);
  stream->Failure();
  EXPECT_EQ(breaker.state(), State::kClosed) << "one failure of two";
  auto next = breaker.Ask();
  next->Alive();  // beginning well is no success yet: broken streams in a row still open it
  next->Failure();
  EXPECT_EQ(breaker.state(), State::kOpen);
}

TEST(BreakerTest, LateFailuresDoNotKeepItOpenLonger) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  auto slow = breaker.Ask();
  Fail(breaker, 1);
  clock.Advance(milliseconds(4000));
  slow->Failure();
  EXPECT_EQ(breaker.time_left(), milliseconds(1000));
  EXPECT_EQ(breaker.times_opened(), 1);
}

TEST(BreakerTest, ZeroNeverOpens) {
  ManualClock clock;
  Breaker breaker(0, kOpenFor, clock);
  Fail(breaker, 100);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

Error Replied(ErrorKind kind, int status) {
  Error error = Unavailable("x");
  error.kind = kind;
  error.reply = std::make_shared<UpstreamReply>(UpstreamReply{status, "", ""});
  return error;
}

TEST(BreakerTest, OnlyTheUpstreamsOwnFailuresCount) {
  EXPECT_TRUE(IsUpstreamFailure(Unavailable("connect")));
  EXPECT_TRUE(IsUpstreamFailure(Timeout("slow")));
  EXPECT_TRUE(IsUpstreamFailure(ProtocolError("garbage")));
  EXPECT_TRUE(IsUpstreamFailure(Replied(ErrorKind::kUpstream, 500)));
  EXPECT_TRUE(IsUpstreamFailure(Replied(ErrorKind::kUnavailable, 503)));
  EXPECT_FALSE(IsUpstreamFailure(Replied(ErrorKind::kTooMany, 429)));
  EXPECT_FALSE(IsUpstreamFailure(Replied(ErrorKind::kInvalidInput, 400)));
  EXPECT_FALSE(IsUpstreamFailure(Replied(ErrorKind::kTimeout, 408)));
  EXPECT_FALSE(IsUpstreamFailure(InvalidInput("bad")));
  EXPECT_FALSE(IsUpstreamFailure(Cancelled("gone")));
  EXPECT_FALSE(IsUpstreamFailure(InternalError("ours")));
}

TEST(BreakerTest, AnAnswerThatBlamesTheRequestClosesIt) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  const Error bad_request = Replied(ErrorKind::kInvalidInput, 400);
  breaker.Ask()->Settle(&bad_request);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(BreakerTest, ThreadsAgreeOnOneTrial) {
  ManualClock clock;
  Breaker breaker(1, kOpenFor, clock);
  Fail(breaker, 1);
  clock.Advance(kOpenFor);
  std::vector<std::vector<Breaker::Permit>> granted(4);
  std::vector<std::thread> threads;
  for (auto& mine : granted) {
    threads.emplace_back([&breaker, &mine] {
      for (int i = 0; i < 1000; ++i) {
        if (auto permit = breaker.Ask()) mine.push_back(*std::move(permit));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  size_t trials = 0;
  for (const auto& mine : granted) trials += mine.size();
  EXPECT_EQ(trials, 1);
}

TEST(BreakerTest, ManyThreadsOpenAndCloseItWithoutARace) {
  Breaker breaker(2, milliseconds(1));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&breaker, t] {
      for (int i = 0; i < 3000; ++i) {
        auto permit = breaker.Ask();
        if (!permit) continue;
        if ((i + t) % 3 == 0) permit->Success();
        if ((i + t) % 3 == 1) permit->Failure();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  // Whether it opened meanwhile is up to the scheduler; whatever they left, it still works.
  std::this_thread::sleep_for(milliseconds(5));
  for (int i = 0; i < 2; ++i) {
    if (auto permit = breaker.Ask()) permit->Failure();
  }
  EXPECT_GT(breaker.times_opened(), 0);
  std::this_thread::sleep_for(milliseconds(5));
  auto trial = breaker.Ask();
  ASSERT_TRUE(trial);
  trial->Success();
  EXPECT_EQ(breaker.state(), State::kClosed);
}

}  // namespace
}  // namespace understudy
