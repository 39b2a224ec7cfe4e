#include "net/shard.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/connection.h"

namespace understudy {
namespace {

std::chrono::milliseconds Shortest(const ServerLimits& limits) {
  return std::min(
      {limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
}

}  // namespace

Shard::Shard(boost::asio::io_context& context, std::shared_ptr<ServerState> state)
    : context_(context),
      state_(std::move(state)),
      sweeper_(std::make_shared<Sweeper>(context, Shortest(state_->limits))) {}

void Shard::Serve(WireSocket socket, std::string peer, OpenToken token) {
  if (state_->stopping) return;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket),
                                                 std::move(peer), std::move(token));
  boost::asio::co_spawn(context_, Connection::Run(std::move(connection)), boost::asio::detached);
}

std::vector<std::shared_ptr<Connection>> Shard::All() {
  std::vector<std::shared_ptr<Connection>> all;
  for (Connection* connection : connections_) all.push_back(connection->shared_from_this());
  return all;
}

void Shard::CloseIdle() {
  for (const auto& connection : All()) connection->CloseIfIdle();
}

void Shard::CancelRunning() {
  for (const auto& connection : All()) connection->CancelRunning();
}

void Shard::CloseAll() {
  for (const auto& connection : All()) connection->Close();
}

}  // namespace understudy
