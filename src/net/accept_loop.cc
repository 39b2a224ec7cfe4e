#include "net/accept_loop.h"

#include <cstring>
#include <filesystem>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "base/log.h"

namespace understudy {
namespace {

namespace asio = boost::asio;

// Out of file descriptors or memory: the waiting clients stay in the backlog meanwhile.
constexpr std::chrono::milliseconds kPause{50};

std::string PeerName(const WireSocket& socket) {
  WireError error;
  const auto remote = socket.remote_endpoint(error);
  if (error || remote.protocol().family() == AF_UNIX) return "unix";
  asio::ip::tcp::endpoint endpoint;
  endpoint.resize(remote.size());
  std::memcpy(endpoint.data(), remote.data(), remote.size());
  const std::string address = endpoint.address().to_string();
  const bool v6 = endpoint.address().is_v6();
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

AcceptLoop::AcceptLoop(asio::io_context& context, Listener listener,
                       std::shared_ptr<ServerState> state,
                       std::vector<std::shared_ptr<Shard>> shards)
    : listener_(std::move(listener)),
      state_(std::move(state)),
      shards_(std::move(shards)),
      pause_(context) {}

AcceptLoop::~AcceptLoop() {
  Stop();
}

void AcceptLoop::Start() {
  AcceptNext();
}

void AcceptLoop::Stop() {
  WireError ignored;
  listener_.acceptor.close(ignored);
  pause_.cancel();
  if (listener_.socket.empty()) return;
  std::error_code gone;
  std::filesystem::remove(listener_.socket, gone);
  listener_.socket.clear();
}

void AcceptLoop::AcceptNext() {
  const std::shared_ptr<Shard>& shard = shards_[turn_++ % shards_.size()];
  listener_.acceptor.async_accept(shard->context(), [weak = weak_from_this(), shard](
                                                        const WireError& error, WireSocket socket) {
    if (const auto self = weak.lock()) self->OnAccept(*shard, error, std::move(socket));
  });
}

void AcceptLoop::OnAccept(Shard& shard, const WireError& error, WireSocket socket) {
  if (error == asio::error::operation_aborted || !listener_.acceptor.is_open()) return;
  if (error == asio::error::connection_aborted) return AcceptNext();
  if (error) {
    LOG_WARN("cannot accept a connection: {}", error.message());
    return PauseThenAccept();
  }
  if (state_->connections.load(std::memory_order_relaxed) < state_->limits.max_connections) {
    std::string peer = PeerName(socket);
    asio::post(shard.context(), [shard = shard.shared_from_this(), socket = std::move(socket),
                                 peer = std::move(peer), token = OpenToken(state_)]() mutable {
      shard->Serve(std::move(socket), std::move(peer), std::move(token));
    });
  }
  AcceptNext();
}

void AcceptLoop::PauseThenAccept() {
  pause_.expires_after(kPause);
  pause_.async_wait([weak = weak_from_this()](const WireError& error) {
    const auto self = weak.lock();
    if (self && !error && self->listener_.acceptor.is_open()) self->AcceptNext();
  });
}

}  // namespace understudy
