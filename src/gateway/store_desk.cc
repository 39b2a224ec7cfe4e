#include "gateway/store_desk.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/background.h"
#include "base/clock.h"

namespace understudy {

// Touched on the caller's thread, but for `result`, which the desk writes before it posts there.
struct StoreDesk::Waiter {
  explicit Waiter(const TaskExecutor& on) : executor(on), timer(on) {}
  TaskExecutor executor;
  boost::asio::steady_timer timer;
  bool done = false;
  Status result;
};

StoreDesk::StoreDesk(Opener open) : open_(std::move(open)), thread_(1) {
  boost::asio::post(thread_, [] {
    ::pthread_setname_np(::pthread_self(), "store-desk");
    GiveWay();
  });
}

StoreDesk::~StoreDesk() {
  thread_.join();
}

Task<Status> StoreDesk::Do(std::function<Status()> work) {
  if (waiting_.fetch_add(1) >= kDeskPlaces) {
    waiting_.fetch_sub(1);
    Error full = Unavailable("too many questions wait for the store");
    full.kind = ErrorKind::kTooMany;
    full.source = ErrorSource::kInternal;
    co_return Fail(std::move(full).Mend("Ask again in a moment."));
  }
  const TaskExecutor executor = co_await boost::asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(executor);
  waiter->timer.expires_at(std::chrono::steady_clock::time_point::max());
  boost::asio::post(thread_, [this, waiter, work = std::move(work)] {
    waiter->result = work();
    waiting_.fetch_sub(1);
    boost::asio::post(waiter->executor, [waiter] {
      waiter->done = true;
      waiter->timer.cancel();
    });
  });
  boost::system::error_code cancelled;
  while (!waiter->done) {
    co_await waiter->timer.async_wait(boost::asio::redirect_error(kUseTask, cancelled));
  }
  co_return waiter->result;
}

Task<Status> StoreDesk::Ask(std::function<Status(UsageStore&)> work) {
  const std::function<Status()> with_store = [this, &work] { return WithStore(work); };
  co_return co_await Do(with_store);
}

Status StoreDesk::WithStore(const std::function<Status(UsageStore&)>& work) {
  if (!store_) {
    TRY(store_, open_());
  }
  return work(*store_);
}

Status ScanWithin(UsageStore& store, const ExchangeFilter& filter,
                  const std::function<void(const Exchange&)>& each) {
  const Monotonic end = Clock::System().Now() + kDeskPatience;
  bool late = false;
  TRY_VOID(store.Scan(filter, [&](Exchange&& exchange) {
    each(exchange);
    late = Clock::System().Now() > end;
    return !late;
  }));
  if (!late) return {};
  Error error = Timeout("this takes longer than the gateway has time for");
  error.source = ErrorSource::kInternal;
  return Fail(std::move(error).Mend("Ask for a shorter time with since and until."));
}

}  // namespace understudy
