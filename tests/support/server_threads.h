// ServerThreads: a Runtime and an HttpServer of it on a free loopback port, for tests of handlers.
#pragma once

#include <future>

#include "base/runtime.h"
#include "net/server.h"

namespace understudy {

class ServerThreads {
 public:
  explicit ServerThreads(HttpServer::Handler handler, ServerLimits limits = {}, size_t threads = 1)
      : runtime(threads), server(runtime.contexts(), limits, std::move(handler)) {
    const Status listening = server.Listen("127.0.0.1:0");
    if (!listening) throw std::runtime_error(listening.error().ToString());
    runtime.Start();
  }

  ~ServerThreads() {
    Stop(std::chrono::milliseconds(0));
    runtime.Stop();
    runtime.Join();
  }

  // Blocks until the server has stopped.
  void Stop(std::chrono::milliseconds grace) {
    auto stopped = std::make_shared<std::promise<void>>();
    server.Stop(grace, [stopped] { stopped->set_value(); });
    stopped->get_future().wait();
  }

  uint16_t port() const { return server.port(); }

  Runtime runtime;
  HttpServer server;
};

}  // namespace understudy
