#include "store/recorder.h"

#include <pthread.h>

#include <thread>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/log.h"
#include "base/runtime.h"
#include "store/omit_bodies.h"
#include "store/record_queue.h"
#include "store/record_writer.h"

namespace understudy {
namespace {

constexpr size_t kQueueBytes = size_t{64} << 20;  // bodies waiting, all rings together
constexpr std::chrono::milliseconds kRoomPoll(1);
constexpr std::chrono::seconds kStrictPatience(5);  // a commit that takes longer is not waited for

size_t Positive(int64_t value) {
  return static_cast<size_t>(std::max<int64_t>(1, value));
}

Task<void> Pause(boost::asio::steady_timer& timer, std::chrono::steady_clock::duration length) {
  boost::system::error_code ignored;
  timer.expires_after(length);
  co_await timer.async_wait(boost::asio::redirect_error(kUseTask, ignored));
}

}  // namespace

struct Recorder::Impl {
  Impl(std::unique_ptr<UsageStore> store, const RecordOptions& record_options, size_t threads)
      : options(record_options),
        queue(threads, Positive(record_options.queue), kQueueBytes),
        writer(std::move(store), record_options, queue, tally) {}

  Task<bool> PushWithin(size_t ring, std::unique_ptr<RecordItem>& item,
                        std::chrono::milliseconds patience);
  Task<Status> Durable(std::shared_ptr<RecordWaiter> waiter);
  Status Unrecorded();

  const RecordOptions options;
  RecordTally tally;
  RecordQueue queue;
  RecordWriter writer;
  OnceAMinute log;
  std::atomic<bool> stopped{false};
  std::thread thread;
};

// A full ring is rare; looking again each millisecond costs less than a way to be called back.
Task<bool> Recorder::Impl::PushWithin(size_t ring, std::unique_ptr<RecordItem>& item,
                                      std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (;;) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) co_return false;
    if (!writer.failing()) queue.Hurry();  // a failing store keeps its distance between attempts
    co_await Pause(timer, std::min<std::chrono::steady_clock::duration>(left, kRoomPoll));
    if (queue.Push(ring, item)) co_return true;
  }
}

Task<Status> Recorder::Impl::Durable(std::shared_ptr<RecordWaiter> waiter) {
  if (!waiter->done) co_await Pause(waiter->timer, kStrictPatience);
  if (waiter->done) co_return waiter->result;
  co_return Fail(Timeout("the exchange's commit is not done yet; it is still being tried"));
}

Status Recorder::Impl::Unrecorded() {
  ++tally.unrecorded;
  if (log()) {
    LOG_WARN("recorder: {} exchanges unrecorded so far: the queue is full",
             tally.unrecorded.load());
  }
  return Fail(IoError("the recorder's queue is full, so this exchange is not recorded")
                  .Mend("see whether the store's disk is full or slow; record.queue and "
                        "record.wait_ms allow more")
                  .Retryable());
}

Recorder::Recorder(std::unique_ptr<UsageStore> store, const RecordOptions& options, size_t threads)
    : impl_(std::make_unique<Impl>(std::move(store), options, threads)) {
  impl_->thread = std::thread([impl = impl_.get()] {
    ::pthread_setname_np(::pthread_self(), "recorder");
    impl->writer.Run();
  });
}

Recorder::~Recorder() {
  Stop();
}

Task<Status> Recorder::Record(Exchange exchange) {
  const size_t ring = ThreadIndex();
  if (ring >= impl_->queue.rings()) {
    co_return Fail(InternalError(fmt::format("the recorder has no ring for thread {}", ring)));
  }
  if (impl_->stopped.load(std::memory_order_relaxed)) {
    ++impl_->tally.unrecorded;
    co_return Fail(Cancelled("the recorder has stopped"));
  }
  OmitLargeBodies(exchange, Positive(impl_->options.max_body_bytes));
  const size_t bytes = BodyBytes(exchange);
  auto item = std::make_unique<RecordItem>(std::move(exchange), bytes);
  const bool strict = impl_->options.mode == "strict";
  const bool waits = strict && !impl_->writer.failing();
  std::shared_ptr<RecordWaiter> waiter;
  if (waits) waiter = std::make_shared<RecordWaiter>(co_await boost::asio::this_coro::executor);
  item->waiter = waiter;
  const std::chrono::milliseconds patience(impl_->options.wait_ms);
  if (!impl_->queue.Push(ring, item)) {
    if (!co_await impl_->PushWithin(ring, item, patience)) co_return impl_->Unrecorded();
  }
  if (waits) co_return co_await impl_->Durable(waiter);
  if (strict) co_return Fail(IoError("the store fails; the exchange waits to be recorded"));
  co_return Status();
}

void Recorder::Stop() {
  if (impl_->stopped.exchange(true)) return;
  impl_->writer.Stop();
  impl_->thread.join();
}

RecorderCounts Recorder::counts() const {
  const RecordTally& tally = impl_->tally;
  return {.recorded = tally.recorded.load(),
          .unrecorded = tally.unrecorded.load(),
          .queued = impl_->queue.size() + tally.in_hand.load(),
          .commits = tally.commits.load(),
          .writer_cpu_us = tally.writer_cpu_us.load()};
}

}  // namespace understudy
