#include "net/server.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "net/accept_loop.h"
#include "net/shard.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// After the cancellation: for handlers to notice, then for coroutines to end.
constexpr milliseconds kCancelTime{1000};
constexpr milliseconds kCloseTime{1000};
constexpr milliseconds kPollTime{5};

// Sees a server's stop through: waits for the connections to end, helping along in steps.
class Stopper : public std::enable_shared_from_this<Stopper> {
 public:
  Stopper(asio::io_context& context, std::shared_ptr<ServerState> state,
          std::vector<std::shared_ptr<Shard>> shards, milliseconds grace,
          std::function<void()> done)
      : timer_(context),
        state_(std::move(state)),
        shards_(std::move(shards)),
        done_(std::move(done)) {
    cancel_at_ = std::chrono::steady_clock::now() + grace;
  }

  void Start() {
    OnAll(&Shard::CloseIdle);
    Poll();
  }

 private:
  void OnAll(void (Shard::*action)()) {
    for (const auto& shard : shards_) {
      asio::post(shard->context(), [shard, action] { (shard.get()->*action)(); });
    }
  }

  void Poll() {
    const auto now = std::chrono::steady_clock::now();
    if (state_->connections == 0) return done_();
    if (step_ == 0 && now >= cancel_at_) {
      OnAll(&Shard::CancelRunning);
      ++step_;
    } else if (step_ == 1 && now >= cancel_at_ + kCancelTime) {
      OnAll(&Shard::CloseAll);
      ++step_;
    } else if (now >= cancel_at_ + kCancelTime + kCloseTime) {
      LOG_WARN("stopped with {} connections whose handlers would not end",
               state_->connections.load());
      return done_();
    }
    timer_.expires_after(kPollTime);
    timer_.async_wait([self = shared_from_this()](const WireError& error) {
      if (!error) self->Poll();
    });
  }

  asio::steady_timer timer_;
  std::shared_ptr<ServerState> state_;
  std::vector<std::shared_ptr<Shard>> shards_;
  std::function<void()> done_;
  Monotonic cancel_at_;
  int step_ = 0;
};

}  // namespace

struct HttpServer::Impl {
  std::shared_ptr<ServerState> state = std::make_shared<ServerState>();
  std::vector<std::shared_ptr<Shard>> shards;
  std::vector<std::shared_ptr<AcceptLoop>> loops;
};

HttpServer::HttpServer(std::vector<asio::io_context*> contexts, ServerLimits limits,
                       Handler handler)
    : impl_(std::make_unique<Impl>()) {
  impl_->state->limits = limits;
  impl_->state->handler = std::move(handler);
  for (asio::io_context* context : contexts) {
    impl_->shards.push_back(std::make_shared<Shard>(*context, impl_->state));
  }
}

HttpServer::~HttpServer() {
  for (const auto& loop : impl_->loops) loop->Stop();
  for (const auto& shard : impl_->shards) shard->CloseAll();
}

Status HttpServer::Listen(std::string_view address) {
  asio::io_context& context = impl_->shards.front()->context();
  TRY(Listener listener, OpenListener(context, address));
  impl_->loops.push_back(
      std::make_shared<AcceptLoop>(context, std::move(listener), impl_->state, impl_->shards));
  impl_->loops.back()->Start();
  return {};
}

std::string HttpServer::url() const {
  for (const auto& loop : impl_->loops) {
    if (loop->listener().port != 0) return loop->listener().url;
  }
  return impl_->loops.empty() ? "" : impl_->loops.front()->listener().url;
}

uint16_t HttpServer::port() const {
  for (const auto& loop : impl_->loops) {
    if (loop->listener().port != 0) return loop->listener().port;
  }
  return 0;
}

void HttpServer::Stop(milliseconds grace, std::function<void()> done) {
  asio::io_context& context = impl_->shards.front()->context();
  auto stopper =
      std::make_shared<Stopper>(context, impl_->state, impl_->shards, grace, std::move(done));
  impl_->state->stopping = true;
  asio::post(context, [stopper, loops = impl_->loops] {
    for (const auto& loop : loops) loop->Stop();
    stopper->Start();
  });
}

size_t HttpServer::connections() const {
  return impl_->state->connections.load(std::memory_order_relaxed);
}

size_t HttpServer::requests_running() const {
  return impl_->state->running.load(std::memory_order_relaxed);
}

}  // namespace understudy
