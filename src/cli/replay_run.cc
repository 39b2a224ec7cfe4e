#include "cli/replay_run.h"

#include <condition_variable>
#include <list>
#include <mutex>

#include "cli/net_task.h"
#include "cli/replay_request.h"

namespace understudy {

using std::chrono::milliseconds;

struct ReplayRun::Impl : std::enable_shared_from_this<ReplayRun::Impl> {
  Impl(const std::vector<ReplayItem>& all, const ReplayPlan& how, std::function<void()> after)
      : items(all), plan(how), done(std::move(after)), results(all.size()) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (i == 0 || !items[i].follows) starts.push_back(i);
    }
  }

  // One of the `concurrency` workers: takes the next item that follows none until none is left.
  Task<void> Work(boost::asio::io_context& context, HttpClient& client, size_t thread) {
    boost::asio::steady_timer timer(context);
    for (;;) {
      const size_t turn = next.fetch_add(1);
      if (stopped || turn >= starts.size()) break;
      const Monotonic begun = co_await AwaitTurn(timer, turn);
      if (stopped) break;
      co_await SendOne(context, client, thread, starts[turn], begun);
      co_await SendFollowers(context, client, thread, starts[turn]);
    }
    const std::lock_guard lock(mutex);
    --workers;
    ended.notify_all();
  }

  // What follows item `index`, as long as it goes right; the rest is done unsent.
  Task<void> SendFollowers(boost::asio::io_context& context, HttpClient& client, size_t thread,
                           size_t index) {
    bool right = true;
    while (++index < items.size() && items[index].follows) {
      right = right && !stopped && results[index - 1].equal.value_or(false);
      if (right) {
        co_await SendOne(context, client, thread, index, Clock::System().Now());
      } else {
        done();
      }
    }
  }

  // The moment of turn `index`; waits for it where a rate is set.
  Task<Monotonic> AwaitTurn(boost::asio::steady_timer& timer, size_t index) {
    const Monotonic now = Clock::System().Now();
    if (plan.rate <= 0) co_return now;
    const std::chrono::duration<double> after(static_cast<double>(index) / plan.rate);
    const Monotonic due = started + std::chrono::duration_cast<Monotonic::duration>(after);
    while (!stopped && Clock::System().Now() < due) {
      timer.expires_at(std::min(due, Clock::System().Now() + milliseconds(50)));
      co_await timer.async_wait(kUseTask);
    }
    co_return due;
  }

  Task<void> SendOne(boost::asio::io_context& context, HttpClient& client, size_t thread,
                     size_t index, Monotonic begun) {
    Cancellation cancellation;
    const Deadline deadline(context, plan.timeout, cancellation);
    auto& mine = running[thread];
    const auto place = mine.insert(mine.end(), &cancellation);
    results[index] = co_await SendReplayItem(items[index], plan, client, cancellation, begun);
    mine.erase(place);
    done();
  }

  const std::vector<ReplayItem>& items;
  const ReplayPlan& plan;
  std::function<void()> done;
  std::vector<size_t> starts;         // the items that follow none
  std::vector<ReplayResult> results;  // each written by one worker, read when all are over

  Runtime* runtime = nullptr;
  Monotonic started;
  std::vector<std::unique_ptr<HttpClient>> clients;  // one a thread
  std::vector<std::list<Cancellation*>> running;     // one a thread, used on it only
  std::atomic<size_t> next{0};
  std::atomic<bool> stopped{false};

  std::mutex mutex;
  std::condition_variable ended;
  int64_t workers = 0;  // guarded by `mutex`
};

ReplayRun::ReplayRun(const std::vector<ReplayItem>& items, const ReplayPlan& plan,
                     std::function<void()> done)
    : impl_(std::make_shared<Impl>(items, plan, std::move(done))) {}

ReplayRun::~ReplayRun() = default;

void ReplayRun::Start(Runtime& runtime) {
  Impl& run = *impl_;
  run.runtime = &runtime;
  run.started = Clock::System().Now();
  run.running.resize(runtime.size());
  ClientOptions options;
  options.first_byte_timeout = options.idle_timeout = run.plan.timeout;
  for (size_t i = 0; i < runtime.size(); ++i) {
    run.clients.push_back(std::make_unique<HttpClient>(runtime.context(i), run.plan.url, options));
  }
  run.workers = std::min<int64_t>(run.plan.concurrency, std::ssize(run.starts));
  const auto count = static_cast<size_t>(run.workers);
  for (size_t i = 0; i < count; ++i) {
    const size_t thread = i % runtime.size();
    auto& context = runtime.context(thread);
    boost::asio::co_spawn(context, run.Work(context, *run.clients[thread], thread),
                          [alive = impl_](std::exception_ptr) {});
  }
}

bool ReplayRun::Wait(milliseconds limit) {
  std::unique_lock lock(impl_->mutex);
  return impl_->ended.wait_for(lock, limit, [this] { return impl_->workers == 0; });
}

void ReplayRun::Stop() {
  Impl& run = *impl_;
  if (run.stopped.exchange(true)) return;
  for (size_t i = 0; i < run.running.size(); ++i) {
    boost::asio::post(run.runtime->context(i), [alive = impl_, i] {
      const auto running = alive->running[i];  // cancelling takes them off the list
      for (Cancellation* cancellation : running) cancellation->Cancel(CancelReason::kShutdown);
    });
  }
}

const std::vector<ReplayResult>& ReplayRun::results() const {
  return impl_->results;
}

}  // namespace understudy
