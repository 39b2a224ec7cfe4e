// A recorder with serving threads of its own, over a store that can be told to fail or to be slow.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "base/runtime.h"
#include "store/recorder.h"
#include "store/samples.h"

namespace understudy {

// At the interface UsageStore, in memory. What the writer's thread does, any thread may look at.
class FakeStore final : public UsageStore {
 public:
  struct State {
    std::atomic<bool> failing{false};
    std::atomic<int> slow_ms{0};
    std::atomic<int> attempts{0};
    std::atomic<int> durable_commits{0};
    std::atomic<bool> flushed{false};
    std::mutex mutex;
    std::vector<Exchange> stored;  // under mutex

    size_t size() {
      const std::lock_guard lock(mutex);
      return stored.size();
    }
  };
  explicit FakeStore(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Result<size_t> Append(const std::vector<Exchange>& batch, bool durable) override {
    ++state_->attempts;
    std::this_thread::sleep_for(std::chrono::milliseconds(state_->slow_ms));
    if (state_->failing) return Fail(IoError("the disk is full").Retryable());
    for (const auto& exchange : batch) {
      if (exchange.id == "poison") return Fail(InvalidInput("a row that no store takes"));
    }
    const std::lock_guard lock(state_->mutex);
    state_->stored.insert(state_->stored.end(), batch.begin(), batch.end());
    state_->durable_commits += durable;
    return batch.size();
  }
  Status Scan(const ExchangeFilter&, const std::function<bool(Exchange&&)>&) override { return {}; }
  Result<Exchange> Get(std::string_view) override { return Fail(NotFound("a fake")); }
  Result<int64_t> Count(const ExchangeFilter&) override { return 0; }
  Result<StoreStats> Stats() override { return StoreStats(); }
  Status Flush() override {
    state_->flushed = true;
    return {};
  }

 private:
  std::shared_ptr<State> state_;
};

struct RecorderFixture {
  explicit RecorderFixture(const RecordOptions& options, size_t threads = 1)
      : runtime(threads), recorder(std::make_unique<FakeStore>(state), options, threads) {
    runtime.Start();
  }
  ~RecorderFixture() { recorder.Stop(); }  // before the threads that it answers to

  std::future<Status> Start(Exchange exchange, size_t thread = 0) {
    return boost::asio::co_spawn(runtime.context(thread), recorder.Record(std::move(exchange)),
                                 boost::asio::use_future);
  }
  Status Record(Exchange exchange, size_t thread = 0) {
    return Start(std::move(exchange), thread).get();
  }

  std::shared_ptr<FakeStore::State> state = std::make_shared<FakeStore::State>();
  Runtime runtime;
  Recorder recorder;
};

// Waits until `holds`, for half a minute at most.
template <class Condition>
bool Eventually(Condition holds) {
  for (int i = 0; i < 30'000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return holds();
}

}  // namespace understudy
