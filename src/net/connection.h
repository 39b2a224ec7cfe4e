// Connection: one client of the server, one request after the other.
#pragma once

#include <memory>
#include <string>

#include "net/request_parser.h"
#include "net/response_writer.h"
#include "net/shard.h"
#include "net/wire.h"

namespace understudy {

class Connection final : public std::enable_shared_from_this<Connection>, public WireWatcher {
 public:
  Connection(std::shared_ptr<Shard> shard, WireSocket socket, std::string peer, OpenToken token);
  ~Connection();

  // Serves until the connection ends. Owns the connection while it runs.
  static Task<void> Run(std::shared_ptr<Connection> self);

  void CloseIfIdle();    // the running answer ends first
  void CancelRunning();  // kShutdown for the running request; closes it if none runs
  void Close();

 private:
  enum class State { kIdle, kReading, kServing, kClosing };
  enum class Got { kRequest, kRefusal, kNothing };

  Task<void> ServeAll();
  Task<Got> Read();
  Task<Got> ReadRest();
  Task<bool> SendContinue();
  Task<void> Serve();
  Task<bool> CallHandler();
  Task<void> Refuse(Rejection rejection);
  Task<void> Linger();
  bool RequestBegins();
  void OnUnawaited(Wire& wire) override;  // the client spoke or went while the handler runs

  std::shared_ptr<Shard> shard_;
  const ServerLimits& limits_;
  OpenToken token_;
  std::shared_ptr<Wire> wire_;
  RequestParser parser_;
  WireWriter writer_;
  HttpRequest request_;
  Rejection rejection_;
  State state_ = State::kIdle;
};

}  // namespace understudy
