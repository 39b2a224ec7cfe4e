// Shard: the connections of a server that live on one io_context, and what all shards share.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "net/server.h"
#include "net/sweeper.h"
#include "net/wire.h"

namespace understudy {

class Connection;

// Shared by every thread of a server; fixed once it listens, but for the counters.
struct ServerState {
  ServerLimits limits;
  HttpServer::Handler handler;
  std::atomic<size_t> connections = 0;
  std::atomic<size_t> running = 0;
  std::atomic<bool> stopping = false;
};

// Counts one open connection while it lives.
class OpenToken {
 public:
  explicit OpenToken(std::shared_ptr<ServerState> state) : state_(std::move(state)) {
    state_->connections.fetch_add(1, std::memory_order_relaxed);
  }
  OpenToken(OpenToken&&) = default;
  ~OpenToken() {
    if (state_) state_->connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<ServerState> state_;
};

// All but context() runs on the context's thread, or while no thread runs it.
class Shard : public std::enable_shared_from_this<Shard> {
 public:
  Shard(boost::asio::io_context& context, std::shared_ptr<ServerState> state);

  boost::asio::io_context& context() { return context_; }
  ServerState& state() { return *state_; }
  std::shared_ptr<Sweeper> sweeper() { return sweeper_; }

  void Serve(WireSocket socket, std::string peer, OpenToken token);
  void CloseIdle();
  void CancelRunning();  // kShutdown
  void CloseAll();

 private:
  friend class Connection;
  std::vector<std::shared_ptr<Connection>> All();

  boost::asio::io_context& context_;
  std::shared_ptr<ServerState> state_;
  std::shared_ptr<Sweeper> sweeper_;
  std::unordered_set<Connection*> connections_;
};

}  // namespace understudy
