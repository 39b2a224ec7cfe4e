// TestServer: a scripted upstream on a free loopback port. Each connection has a thread of its
// own, so a script may block, sleep, send half of something, reset, or say nothing at all.
//
//   TestServer server([](const TestMessage& request, TestSocket& client) {
//     client.Send(TestAnswer(200, R"({"ok":true})"));
//   });
//   ... server.url(), server.requests() ...
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/test_socket.h"

namespace understudy {

// A whole answer with Content-Length. `headers`: extra lines, each ended by "\r\n".
std::string TestAnswer(int status, std::string_view body,
                       std::string_view content_type = "application/json",
                       std::string_view headers = {});
// The head of a chunked answer, and its pieces.
std::string TestChunkedHead(int status = 200, std::string_view content_type = "text/event-stream");
std::string TestChunk(std::string_view bytes);
inline constexpr std::string_view kTestLastChunk = "0\r\n\r\n";
// A server-sent event as one chunk: "data: " + data + "\n\n".
std::string TestEvent(std::string_view data);

class TestServer {
 public:
  // Called for every complete request, on its connection's thread. Close or reset the socket to
  // end the connection; otherwise it is kept alive.
  using Script = std::function<void(const TestMessage& request, TestSocket& client)>;
  // PEM files; empty: plain HTTP.
  struct Tls {
    std::string certificate;
    std::string key;
  };

  explicit TestServer(Script script) : TestServer(std::move(script), Tls()) {}
  TestServer(Script script, Tls tls);
  ~TestServer();  // resets what is open and waits for the scripts to end

  uint16_t port() const { return port_; }
  std::string url() const;  // "http://127.0.0.1:PORT"; with TLS "https://localhost:PORT"

  std::vector<TestMessage> requests() const;  // so far, in order of arrival
  size_t request_count() const;
  size_t connections_accepted() const { return accepted_; }
  size_t connections_open() const { return open_; }
  // Waits (bounded) until `count` requests have come.
  bool WaitForRequests(size_t count) const;
  // Closes the listening socket: later connections are refused.
  void StopListening();
  // Closes every open connection, as a restarting upstream does.
  void CloseConnections();

 private:
  void AcceptAll();
  void Serve(int fd, std::shared_ptr<const std::atomic<bool>> stop);

  Script script_;
  SSL_CTX* tls_ = nullptr;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<size_t> accepted_ = 0;
  std::atomic<size_t> open_ = 0;
  mutable std::mutex mutex_;
  std::vector<TestMessage> requests_;
  std::vector<std::shared_ptr<std::atomic<bool>>> stops_;  // one a connection
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Waits (bounded) until `condition` holds; for what other threads bring about.
bool WaitFor(const std::function<bool()>& condition);

}  // namespace understudy
