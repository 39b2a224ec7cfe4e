// The HTTP server: one acceptor, connections spread over one io_context a thread.
//
// A handler is one coroutine a request. It answers through the ResponseWriter: once whole
// (Send), or Begin, Write..., End for a stream (chunked; TCP_NODELAY; each Write is one send).
// If the client goes away while the handler runs, writer.cancellation() is cancelled with
// kClientGone at once, also before the first byte of the answer, streaming or not. A client that
// shuts down its sending side while it waits counts as gone; one that pipelines its next request
// is not watched until it is answered.
// If the handler throws or returns without an answer, the server answers 500 and logs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/cancel.h"
#include "base/task.h"
#include "net/http.h"

namespace understudy {

class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  virtual Task<Status> Send(HttpResponse response) = 0;
  // Sends the head at once. The body is chunked (or until close for HTTP/1.0).
  virtual Task<Status> Begin(int status, Headers headers) = 0;
  // `bytes` must live until the call returns. Waits while the client's window is full.
  virtual Task<Status> Write(std::string_view bytes) = 0;
  virtual Task<Status> End() = 0;
  virtual bool begun() const = 0;  // a byte of the answer is committed
  virtual uint64_t bytes_sent() const = 0;
  virtual Cancellation& cancellation() = 0;  // of this request
};

struct ServerLimits {
  size_t max_header_bytes = size_t{64} << 10;  // over: 431
  size_t max_body_bytes = size_t{32} << 20;    // over: 413, before the body is read
  std::chrono::seconds header_timeout{10};     // first byte to end of headers: 408
  std::chrono::seconds body_timeout{60};       // headers to end of body: 408
  std::chrono::seconds idle_timeout{120};      // keep-alive without a request: close
  std::chrono::seconds write_timeout{60};      // a client that does not read: client gone
  size_t max_connections = 100'000;            // over: accepted and closed at once
};

class HttpServer {
 public:
  using Handler = std::function<Task<void>(HttpRequest&, ResponseWriter&)>;

  // `contexts`: one a thread, run by the caller; the handler runs on the connection's own. They
  // must outlive the server. `contexts[i]`'s index is what ThreadIndex() returns in a handler.
  // Destroy the server once Stop's `done` has run, or while no thread runs the contexts.
  HttpServer(std::vector<boost::asio::io_context*> contexts, ServerLimits limits, Handler handler);
  ~HttpServer();

  // "127.0.0.1:8700", "[::1]:8700", ":0" (any free port), "unix:/path/x.sock". Errors name the
  // address and say what holds it. May be called more than once before the contexts run.
  Status Listen(std::string_view address);
  // "http://127.0.0.1:8700" of the first TCP listener; with the real port.
  std::string url() const;
  uint16_t port() const;

  // Stops accepting, closes idle connections, and lets running requests finish. After `grace`
  // they are cancelled with kShutdown; those that do not end within a second lose their client.
  // `done` runs on a context's thread when no connection is left, at most 2 s after the grace.
  // Thread-safe.
  void Stop(std::chrono::milliseconds grace, std::function<void()> done);

  size_t connections() const;       // open now; thread-safe
  size_t requests_running() const;  // thread-safe

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace understudy
