#include "store/record_writer.h"

#include <time.h>

#include <algorithm>
#include <exception>

#include <boost/asio/post.hpp>

#include "base/log.h"

namespace understudy {
namespace {

constexpr size_t kBatchItems = 1'024;
constexpr size_t kBatchBytes = 16 << 20;
constexpr std::chrono::milliseconds kFirstRetry(10), kLastRetry(1'000);
constexpr std::chrono::seconds kStopPatience(2);

uint64_t ThreadCpuUs() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<uint64_t>(time.tv_nsec) / 1000;
}

}  // namespace

RecordWriter::RecordWriter(std::unique_ptr<UsageStore> store, const RecordOptions& options,
                           RecordQueue& queue, RecordTally& tally)
    : store_(std::move(store)),
      strict_(options.mode == "strict"),
      commit_every_(std::max<int64_t>(0, options.commit_ms)),
      queue_(queue),
      tally_(tally) {}

// A strict call waits for its commit, so commits follow each other as fast as they come: while one
// runs, the next group gathers. In batched mode they keep a distance, and the writer lies awake in
// between, so that no push needs to wake it.
void RecordWriter::Run() {
  for (;;) {
    const bool last = stopping_.load();
    if (!Collect()) {
      if (last) break;
      queue_.WaitForItems();
      continue;
    }
    Commit();
    tally_.writer_cpu_us.store(ThreadCpuUs(), std::memory_order_relaxed);
    if (!strict_ && !stopping_.load()) queue_.SleepUntil(collected_at_ + commit_every_);
  }
  if (!failing()) (void)store_->Flush();
  tally_.writer_cpu_us.store(ThreadCpuUs(), std::memory_order_relaxed);
}

void RecordWriter::Stop() {
  const auto end = std::chrono::steady_clock::now() + kStopPatience;
  give_up_ns_.store(end.time_since_epoch().count());
  stopping_.store(true);
  queue_.Hurry();
}

bool RecordWriter::Collect() {
  collected_at_ = std::chrono::steady_clock::now();
  items_.clear();
  queue_.Take(kBatchItems, kBatchBytes, items_);
  // Rings are emptied one after the other; within a session the order of arrival should hold.
  std::ranges::stable_sort(items_, {}, [](const auto& item) { return item->exchange.at_ms; });
  batch_.clear();
  waiters_.clear();
  for (auto& item : items_) {
    batch_.push_back(std::move(item->exchange));
    if (item->waiter) waiters_.push_back(std::move(item->waiter));
  }
  tally_.in_hand.store(batch_.size(), std::memory_order_relaxed);
  return !batch_.empty();
}

void RecordWriter::Commit() {
  for (auto pause = kFirstRetry;; pause = std::min(pause * 2, kLastRetry)) {
    const auto appended = Append();
    if (appended) return Done();
    // Something in the batch can never be stored: the rest must not suffer for it.
    if (appended.error().kind == ErrorKind::kInvalidInput) return AppendSingly();
    Failed(appended.error());
    if (GivenUp()) break;
    queue_.SleepUntil(std::chrono::steady_clock::now() + pause);
  }
  tally_.unrecorded += batch_.size();
  tally_.in_hand.store(0, std::memory_order_relaxed);
  LOG_ERROR("recorder: {} exchanges are lost, because the store still failed at the stop",
            batch_.size());
}

Status RecordWriter::Append() {
  try {
    TRY_VOID(store_->Append(batch_, strict_));
    return {};
  } catch (const std::exception& thrown) {  // out of memory, most likely
    return Fail(InternalError(thrown.what()));
  }
}

void RecordWriter::AppendSingly() {
  std::vector<Exchange> all = std::move(batch_);
  uint64_t lost = 0;
  for (auto& exchange : all) {
    batch_.clear();
    batch_.push_back(std::move(exchange));
    const auto appended = Append();
    if (appended) continue;
    ++lost;
    if (log_()) LOG_ERROR("recorder: not recorded: {}", appended.error().ToString());
  }
  tally_.recorded += all.size() - lost;
  tally_.unrecorded += lost;
  ++tally_.commits;
  tally_.in_hand.store(0, std::memory_order_relaxed);
  Answer(lost == 0 ? Status() : Fail(InvalidInput("an exchange of this commit cannot be stored")));
}

void RecordWriter::Done() {
  const auto supplements = std::ranges::count_if(batch_, &Exchange::is_supplement);
  tally_.recorded += batch_.size() - static_cast<size_t>(supplements);
  ++tally_.commits;
  tally_.in_hand.store(0, std::memory_order_relaxed);
  if (failing_.exchange(false)) LOG_INFO("recorder: the store works again");
  Answer({});
}

// Strict calls are let go at once: they are served all the same, and what they left here is still
// tried again.
void RecordWriter::Failed(const Error& error) {
  failing_.store(true);
  tally_.writer_cpu_us.store(ThreadCpuUs(), std::memory_order_relaxed);
  if (log_()) {
    LOG_ERROR("recorder: {} exchanges wait, the store fails and is tried again: {}",
              batch_.size() + queue_.size(), error.ToString());
  }
  Answer(Fail(Error(error)));
}

bool RecordWriter::GivenUp() const {
  return stopping_.load() &&
         std::chrono::steady_clock::now().time_since_epoch().count() >= give_up_ns_.load();
}

void RecordWriter::Answer(const Status& result) {
  for (auto& waiter : waiters_) {
    const auto executor = waiter->timer.get_executor();
    boost::asio::post(executor, [waiter = std::move(waiter), result] {
      waiter->done = true;
      waiter->result = result;
      waiter->timer.cancel();
    });
  }
  waiters_.clear();
}

}  // namespace understudy
