// The HTTP client: keep-alive connections to one upstream, pooled per thread.
//
// One HttpClient belongs to one io_context and is used on its thread only. Cancelling a request
// closes its connection at once. A pooled connection that the upstream closed while idle is
// noticed and replaced once without being counted as a failure, provided nothing of the answer
// had arrived.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/cancel.h"
#include "base/task.h"
#include "net/http.h"

namespace understudy {

// "https://api.example.com/v1" -> parts. Schemes: http, https, and unix:/path/x.sock (optionally
// followed by ":/prefix"). Fails with kInvalidInput that says what is wrong.
struct Url {
  bool tls = false;
  std::string host;    // for Host, SNI and the certificate check; "localhost" for a socket
  std::string port;    // "443"
  std::string path;    // prefix, without a trailing slash; may be empty
  std::string socket;  // unix socket path; empty for TCP
  std::string ToString() const;
};
Result<Url> ParseUrl(std::string_view text);

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5000};       // DNS, TCP and TLS together
  std::chrono::milliseconds first_byte_timeout{120000};  // request sent to head of the answer
  std::chrono::milliseconds idle_timeout{60000};         // between two pieces of the body
  std::chrono::milliseconds keep_alive{30000};           // a pooled connection's life when idle
  size_t max_idle = 256;                                 // pooled connections kept
  size_t max_head_bytes = size_t{64} << 10;
  bool verify_tls = true;  // off only for tests and private networks
  std::string ca_file;     // extra trust; empty: the system's
};

// An answer being received. Dropping it before the end closes the connection.
class HttpReply {
 public:
  virtual ~HttpReply() = default;
  int status = 0;
  Headers headers;
  // The next piece of the body, empty at its end. Valid until the next call. Decoded from
  // chunked; gzip is never asked for. Fails with kProtocol when the upstream breaks off.
  virtual Task<Result<std::string_view>> ReadSome() = 0;
  // The rest of the body; kProtocol beyond max_bytes.
  virtual Task<Result<std::string>> ReadAll(size_t max_bytes) = 0;
};

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& context, Url url, ClientOptions options);
  ~HttpClient();

  // `target` is appended to the URL's path. `body` and `headers` must live until Send returns.
  // Host, Content-Length and Connection are set here. Errors: kUnavailable (cannot connect),
  // kTimeout, kProtocol, kCancelled; where each is retryable it says so: only when the upstream
  // cannot have begun to answer.
  Task<Result<std::unique_ptr<HttpReply>>> Send(std::string_view method, std::string_view target,
                                                const Headers& headers, std::string_view body,
                                                Cancellation& cancellation);
  const Url& url() const;
  size_t idle_connections() const;
  size_t open_connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // replies hand their connection back to it
};

}  // namespace understudy
