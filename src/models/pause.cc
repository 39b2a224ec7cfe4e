#include "models/pause.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace understudy {

namespace asio = boost::asio;

Task<Status> Pause(std::chrono::nanoseconds time, Cancellation& cancellation) {
  co_return co_await PauseUntil(Clock::System().Now() + time, cancellation);
}

Task<Status> PauseUntil(Monotonic when, Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  if (when <= Clock::System().Now()) co_return Status();
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  const Cancellation::Scope scope(cancellation, [&timer] { timer.cancel(); });
  co_await timer.async_wait(asio::as_tuple(kUseTask));
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  co_return Status();
}

}  // namespace understudy
