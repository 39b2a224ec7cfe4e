// Blocking sockets for tests, on POSIX calls alone: what they say about a server or a client does
// not depend on the code under test. Every wait is bounded.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/types.h>

namespace understudy {

inline constexpr std::chrono::milliseconds kTestPatience{20'000};

// A message as it came: head fields as they were, the body decoded from chunked.
struct TestMessage {
  std::string start_line;  // "POST /x HTTP/1.1" or "HTTP/1.1 200 OK"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool complete = false;  // false: the connection ended or the time was over before its end

  std::string method() const;                       // first word of a request
  std::string target() const;                       // its second word
  int status() const;                               // of an answer; 0 if there is none
  std::string Header(std::string_view name) const;  // first value, any case; empty if absent
};

class TestSocket {
 public:
  TestSocket() = default;
  explicit TestSocket(int fd) : fd_(fd) {}
  TestSocket(TestSocket&& other) noexcept;
  TestSocket& operator=(TestSocket&& other) noexcept;
  ~TestSocket() { Close(); }

  // Not open() where nobody listens.
  static TestSocket Connect(uint16_t port);  // on 127.0.0.1
  static TestSocket ConnectUnix(const std::string& path);

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // Every wait ends, as if the peer had gone, once `*stop` is set.
  void StopWith(std::shared_ptr<const std::atomic<bool>> stop) { stop_ = std::move(stop); }
  // Speaks TLS from now on, as the server. Takes `ssl`. False if the handshake fails.
  bool AcceptTls(SSL* ssl);

  bool Send(std::string_view bytes);  // all of it; false when the peer is gone
  // Some bytes; empty at the end, on a reset or when the time is over (see ended()).
  std::string Receive(std::chrono::milliseconds patience = kTestPatience);
  bool ended() const { return ended_; }
  // Reads until what was received and not yet taken contains `mark`; takes all up to its end.
  std::string ReceiveUntil(std::string_view mark,
                           std::chrono::milliseconds patience = kTestPatience);
  std::string ReceiveAll(std::chrono::milliseconds patience = kTestPatience);  // to the end
  TestMessage ReceiveMessage(bool to_head = false);  // one request or answer
  // True once the peer has closed or reset the connection; other bytes are dropped.
  bool WaitForEnd(std::chrono::milliseconds patience = kTestPatience);

  void ShutdownSend();
  void Reset();  // closes with RST
  void Close();

 private:
  bool Fill(std::chrono::milliseconds patience);
  std::string TakeChunked(bool& complete);
  bool Need(size_t bytes);
  bool Wait(short event, std::chrono::milliseconds patience) const;

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string pending_;  // received, not yet taken
  bool ended_ = false;
  std::shared_ptr<const std::atomic<bool>> stop_;
};

}  // namespace understudy
