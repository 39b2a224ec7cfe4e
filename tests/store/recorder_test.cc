#include "store/recorder.h"

#include <gtest/gtest.h>

#include <set>

#include "store/recorder_fixture.h"

namespace understudy {
namespace {

TEST(Recorder, CommitsWithoutBeingAsked) {
  RecorderFixture fixture(RecordOptions{});
  ASSERT_TRUE(fixture.Record(SampleExchange(1)));
  EXPECT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == 1; }));
  EXPECT_TRUE(Eventually([&] { return fixture.recorder.counts().queued == 0; }));
  EXPECT_EQ(fixture.state->durable_commits, 0);
  ExpectEqual(fixture.state->stored.at(0), SampleExchange(1));
}

TEST(Recorder, WakesAgainAfterEachRest) {
  RecorderFixture fixture(RecordOptions{.commit_ms = 1});
  for (uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(fixture.Record(SampleExchange(static_cast<int>(i))));
    ASSERT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == i; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
  }
}

TEST(Recorder, StopCommitsWhatIsQueued) {
  RecorderFixture fixture(RecordOptions{.commit_ms = 60'000});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(fixture.Record(SampleExchange(i)));
  fixture.recorder.Stop();
  EXPECT_EQ(fixture.state->size(), 100U);
  EXPECT_EQ(fixture.recorder.counts().recorded, 100U);
  EXPECT_EQ(fixture.recorder.counts().queued, 0U);
  EXPECT_TRUE(fixture.state->flushed);
  EXPECT_GT(fixture.recorder.counts().writer_cpu_us, 0U);
}

TEST(Recorder, RefusesAfterStop) {
  RecorderFixture fixture(RecordOptions{});
  fixture.recorder.Stop();
  EXPECT_FALSE(fixture.Record(SampleExchange(1)));
  EXPECT_EQ(fixture.recorder.counts().unrecorded, 1U);
}

Task<int> RecordMany(Recorder& recorder, int from, int to) {
  int refused = 0;
  for (int i = from; i < to; ++i) {
    const auto status = co_await recorder.Record(SampleExchange(i));
    refused += !status;
  }
  co_return refused;
}

TEST(Recorder, LosesAndRepeatsNothingFromManyThreads) {
  for (const char* mode : {"batched", "strict"}) {
    constexpr int kThreads = 4, kEach = 2'000;
    RecorderFixture fixture(RecordOptions{.mode = mode, .wait_ms = 10'000}, kThreads);
    std::vector<std::future<int>> running;
    for (int i = 0; i < kThreads; ++i) {
      running.push_back(boost::asio::co_spawn(
          fixture.runtime.context(static_cast<size_t>(i)),
          RecordMany(fixture.recorder, i * kEach, (i + 1) * kEach), boost::asio::use_future));
    }
    for (auto& each : running) EXPECT_EQ(each.get(), 0);
    fixture.recorder.Stop();
    std::set<std::string> ids;
    for (const auto& exchange : fixture.state->stored) ids.insert(exchange.id);
    EXPECT_EQ(ids.size(), size_t{kThreads} * kEach);
    EXPECT_EQ(fixture.state->stored.size(), ids.size());
    EXPECT_LE(fixture.recorder.counts().commits, ids.size());
  }
}

TEST(Recorder, StrictReturnsAfterADurableCommit) {
  RecorderFixture fixture(RecordOptions{.mode = "strict"});
  ASSERT_TRUE(fixture.Record(SampleExchange(1)));
  EXPECT_EQ(fixture.state->size(), 1U);
  EXPECT_EQ(fixture.state->durable_commits, 1);
}

TEST(Recorder, StrictCallsShareACommit) {
  RecorderFixture fixture(RecordOptions{.mode = "strict"});
  fixture.state->slow_ms = 20;
  std::vector<std::future<Status>> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(fixture.Start(SampleExchange(i)));
  for (auto& each : waiting) EXPECT_TRUE(each.get());
  EXPECT_LT(fixture.state->durable_commits, 25);
}

TEST(Recorder, StrictSaysThatTheStoreFailsAndKeepsTheExchange) {
  RecorderFixture fixture(RecordOptions{.mode = "strict"});
  fixture.state->failing = true;
  const auto first = fixture.Record(SampleExchange(1));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "the disk is full");
  ASSERT_FALSE(fixture.Record(SampleExchange(2)));  // at once, not after the next attempt
  EXPECT_EQ(fixture.recorder.counts().queued, 2U);
  fixture.state->failing = false;
  EXPECT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == 2; }));
  EXPECT_TRUE(fixture.Record(SampleExchange(3)));
}

TEST(Recorder, AFailingStoreFillsTheQueueAndRecoversByItself) {
  RecorderFixture fixture(RecordOptions{.queue = 8, .wait_ms = 1});
  fixture.state->failing = true;
  ASSERT_TRUE(fixture.Record(SampleExchange(0)));
  ASSERT_TRUE(Eventually([&] { return fixture.state->attempts > 0; }));
  int refused = 0;
  for (int i = 1; i < 20; ++i) {
    const auto status = fixture.Record(SampleExchange(i));
    if (status) continue;
    ++refused;
    EXPECT_TRUE(status.error().retryable);
    EXPECT_NE(status.error().message.find("queue is full"), std::string::npos);
  }
  EXPECT_EQ(refused, 19 - 8);
  EXPECT_EQ(fixture.recorder.counts().unrecorded, 11U);
  EXPECT_EQ(fixture.recorder.counts().queued, 9U);
  fixture.state->failing = false;
  EXPECT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == 9; }));
  EXPECT_TRUE(fixture.Record(SampleExchange(30)));
}

TEST(Recorder, WaitsForRoom) {
  RecorderFixture fixture(RecordOptions{.queue = 2, .wait_ms = 30'000});
  fixture.state->slow_ms = 5;
  EXPECT_EQ(boost::asio::co_spawn(fixture.runtime.context(0), RecordMany(fixture.recorder, 0, 40),
                                  boost::asio::use_future)
                .get(),
            0);
  EXPECT_EQ(fixture.recorder.counts().unrecorded, 0U);
}

TEST(Recorder, AFullQueueDoesNotWaitForTheNextCommit) {
  RecorderFixture fixture(RecordOptions{.queue = 4, .wait_ms = 10'000, .commit_ms = 100'000});
  EXPECT_EQ(boost::asio::co_spawn(fixture.runtime.context(0), RecordMany(fixture.recorder, 0, 40),
                                  boost::asio::use_future)
                .get(),
            0);
}

TEST(Recorder, StopDoesNotWaitForAStoreThatStaysDown) {
  RecorderFixture fixture(RecordOptions{});
  fixture.state->failing = true;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(fixture.Record(SampleExchange(i)));
  fixture.recorder.Stop();
  EXPECT_EQ(fixture.recorder.counts().unrecorded, 5U);
  EXPECT_EQ(fixture.recorder.counts().queued, 0U);
  EXPECT_FALSE(fixture.state->flushed);
}

TEST(Recorder, OneBadExchangeDoesNotHoldUpTheOthers) {
  RecorderFixture fixture(RecordOptions{.commit_ms = 20});
  for (int i = 0; i < 3; ++i) {
    auto exchange = SampleExchange(i);
    if (i == 1) exchange.id = "poison";
    ASSERT_TRUE(fixture.Record(exchange));
  }
  EXPECT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == 2; }));
  EXPECT_EQ(fixture.recorder.counts().unrecorded, 1U);
}

TEST(Recorder, LargeBodiesStayOut) {
  RecorderFixture fixture(RecordOptions{.max_body_bytes = 1'000});
  ASSERT_TRUE(fixture.Record(SampleExchange(1)));
  ASSERT_TRUE(Eventually([&] { return fixture.recorder.counts().recorded == 1; }));
  const Exchange& stored = fixture.state->stored.at(0);
  EXPECT_EQ(stored.request, "");
  EXPECT_EQ(stored.response, SampleExchange(1).response);
  EXPECT_NE(stored.extra.find("\"omitted\":{\"request_bytes\":"), std::string::npos);
}

TEST(Recorder, ThreadsWithoutARingAreRefused) {
  const auto state = std::make_shared<FakeStore::State>();
  Runtime runtime(2);
  Recorder recorder(std::make_unique<FakeStore>(state), RecordOptions{}, 1);
  runtime.Start();
  const auto status = boost::asio::co_spawn(runtime.context(1), recorder.Record(SampleExchange(1)),
                                            boost::asio::use_future)
                          .get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kInternal);
}

}  // namespace
}  // namespace understudy
