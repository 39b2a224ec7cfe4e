// AcceptLoop: takes connections from one listener and deals them out to the shards in turn.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "net/listener.h"
#include "net/shard.h"

namespace understudy {

// Runs on the thread of the listener's context.
class AcceptLoop : public std::enable_shared_from_this<AcceptLoop> {
 public:
  AcceptLoop(boost::asio::io_context& context, Listener listener,
             std::shared_ptr<ServerState> state, std::vector<std::shared_ptr<Shard>> shards);
  ~AcceptLoop();

  void Start();
  void Stop();  // closes the listener and removes a unix socket's file; idempotent
  const Listener& listener() const { return listener_; }

 private:
  void AcceptNext();
  void OnAccept(Shard& shard, const WireError& error, WireSocket socket);
  void PauseThenAccept();

  Listener listener_;
  std::shared_ptr<ServerState> state_;
  std::vector<std::shared_ptr<Shard>> shards_;
  boost::asio::steady_timer pause_;
  size_t turn_ = 0;
};

}  // namespace understudy
