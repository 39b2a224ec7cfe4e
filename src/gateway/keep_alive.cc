#include "gateway/keep_alive.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "chat/sse.h"
#include "gateway/answer_headers.h"

namespace understudy {

namespace asio = boost::asio;

struct KeepAlive::Ticker {
  Ticker(Call& of, const TaskExecutor& executor)
      : call(of), next(executor), over(executor, Monotonic::max()) {}
  Call& call;
  asio::steady_timer next;
  asio::steady_timer over;  // cancelled when the ticker has ended
  bool stopping = false;
  bool running = true;
};

KeepAlive::KeepAlive(Call& call, TaskExecutor executor) : call_(call) {
  if (!call.chat.stream) return;
  alarm_.emplace(call.services.deadlines, call.services.clock.Now() + kKeepAliveAfter,
                 [this, executor] { Begin(executor); });
}

KeepAlive::~KeepAlive() {
  if (ticker_) ticker_->stopping = true;
}

void KeepAlive::Begin(TaskExecutor executor) {
  ticker_ = std::make_shared<Ticker>(call_, executor);
  asio::co_spawn(executor, Tick(ticker_), asio::detached);
}

Task<void> KeepAlive::Tick(std::shared_ptr<Ticker> ticker) {
  while (!ticker->stopping && !ticker->call.cancellation.cancelled()) {
    Call& call = ticker->call;
    Status sent;
    if (!call.writer.begun()) {
      Headers headers = StreamHeaders(call);
      sent = co_await call.writer.Begin(200, std::move(headers));
    }
    const std::string comment = FormatSseComment("keep-alive");
    if (sent) sent = co_await call.writer.Write(comment);
    if (!sent || ticker->stopping) break;
    ticker->next.expires_after(kKeepAliveEvery);
    co_await ticker->next.async_wait(asio::as_tuple(kUseTask));
  }
  ticker->running = false;
  ticker->over.cancel();
}

Task<void> KeepAlive::Stop() {
  alarm_.reset();
  if (!ticker_) co_return;
  ticker_->stopping = true;
  ticker_->next.cancel();
  while (ticker_->running) co_await ticker_->over.async_wait(asio::as_tuple(kUseTask));
}

}  // namespace understudy
