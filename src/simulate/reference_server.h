// The simulated reference model behind OpenAI's HTTP interface, at the pace of a model in the
// cloud: POST /v1/chat/completions (plain and streamed), GET /v1/models, GET /healthz. Keys are
// neither asked for nor looked at.
//
// What it cannot read is answered as OpenAI's servers do: 400 with an error object, 404, 405.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/server.h"
#include "simulate/reference.h"

namespace understudy {

struct ReferencePace {
  std::chrono::milliseconds first_token{350};
  double tokens_per_s = 60;  // 0: at once
  double jitter = 0.25;      // each answer's times are stretched by exp(jitter * z), z standard
                             // normal: half of all are slower, one in twenty by 1.5 at 0.25
  double error_share = 0;    // of calls that fail: 429, 500 and 503 in turn
  uint64_t seed = 1;         // of jitter and errors
};

class ReferenceServer {
 public:
  // Contexts as HttpServer wants them.
  ReferenceServer(std::vector<boost::asio::io_context*> contexts, const ReferencePace& pace);

  Status Listen(std::string_view address) { return server_.Listen(address); }
  std::string url() const { return server_.url(); }
  uint16_t port() const { return server_.port(); }
  void Stop(std::chrono::milliseconds grace, std::function<void()> done) {
    server_.Stop(grace, std::move(done));
  }
  int64_t answered() const { return answered_; }  // thread-safe

 private:
  struct Timing;
  Timing NextTiming();
  Task<void> Handle(HttpRequest& request, ResponseWriter& writer);
  Task<Status> Complete(HttpRequest& request, ResponseWriter& writer);
  Task<Status> SendWhole(const ChatAnswer& answer, Timing timing, ResponseWriter& writer);
  Task<Status> SendStream(const ChatAnswer& answer, Timing timing, bool with_usage,
                          ResponseWriter& writer);

  const ReferencePace pace_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<int64_t> answered_{0};
  HttpServer server_;  // last: its handler uses the rest
};

}  // namespace understudy
