#include "support/test_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "net/http.h"

namespace understudy {
namespace {

int ConnectFd(int family, const sockaddr* address, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, address, size) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string Word(const std::string& line, int index) {
  size_t at = 0;
  for (int i = 0; i < index; ++i) {
    at = line.find(' ', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return line.substr(at, line.find(' ', at) - at);
}

TestMessage ParseHead(const std::string& head) {
  TestMessage message;
  size_t end = head.find("\r\n");
  message.start_line = head.substr(0, end);
  for (size_t at = end + 2; at < head.size(); at = end + 2) {
    end = head.find("\r\n", at);
    if (end == std::string::npos || end == at) break;
    const size_t colon = head.find(':', at);
    if (colon > end) continue;
    const size_t value = std::min(head.find_first_not_of(' ', colon + 1), end);
    message.headers.emplace_back(head.substr(at, colon - at), head.substr(value, end - value));
  }
  return message;
}

}  // namespace

std::string TestMessage::method() const {
  return Word(start_line, 0);
}

std::string TestMessage::target() const {
  return Word(start_line, 1);
}

int TestMessage::status() const {
  return start_line.starts_with("HTTP/1.") ? std::atoi(Word(start_line, 1).c_str()) : 0;
}

std::string TestMessage::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

TestSocket::TestSocket(TestSocket&& other) noexcept {
  *this = std::move(other);
}

TestSocket& TestSocket::operator=(TestSocket&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = std::exchange(other.fd_, -1);
  ssl_ = std::exchange(other.ssl_, nullptr);
  pending_ = std::move(other.pending_);
  ended_ = other.ended_;
  stop_ = std::move(other.stop_);
  return *this;
}

TestSocket TestSocket::Connect(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ConnectFd(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return TestSocket(fd);
}

TestSocket TestSocket::ConnectUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return TestSocket(ConnectFd(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address));
}

bool TestSocket::AcceptTls(SSL* ssl) {
  ssl_ = ssl;
  SSL_set_fd(ssl_, fd_);
  return SSL_accept(ssl_) == 1;
}

bool TestSocket::Wait(short event, std::chrono::milliseconds patience) const {
  const auto end = std::chrono::steady_clock::now() + patience;
  do {
    if (stop_ && *stop_) return false;
    pollfd poll{fd_, event, 0};
    if (::poll(&poll, 1, 10) > 0) return true;
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

bool TestSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (fd_ < 0 || !Wait(POLLOUT, kTestPatience)) return false;
    const ssize_t sent = ssl_
                             ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool TestSocket::Fill(std::chrono::milliseconds patience) {
  if (ended_ || fd_ < 0) return false;
  const bool buffered = ssl_ && SSL_pending(ssl_) > 0;
  if (!buffered && !Wait(POLLIN, patience)) return false;
  std::string room(size_t{64} << 10, '\0');
  const ssize_t got = ssl_ ? SSL_read(ssl_, room.data(), static_cast<int>(room.size()))
                           : ::recv(fd_, room.data(), room.size(), 0);
  if (got <= 0) ended_ = true;
  if (got > 0) pending_.append(room, 0, static_cast<size_t>(got));
  return got > 0;
}

std::string TestSocket::Receive(std::chrono::milliseconds patience) {
  if (pending_.empty()) Fill(patience);
  return std::exchange(pending_, {});
}

std::string TestSocket::ReceiveUntil(std::string_view mark, std::chrono::milliseconds patience) {
  size_t at = 0;
  while ((at = pending_.find(mark)) == std::string::npos) {
    if (!Fill(patience)) return std::exchange(pending_, {});
  }
  std::string taken = pending_.substr(0, at + mark.size());
  pending_.erase(0, at + mark.size());
  return taken;
}

std::string TestSocket::ReceiveAll(std::chrono::milliseconds patience) {
  while (Fill(patience)) {
  }
  return std::exchange(pending_, {});
}

bool TestSocket::Need(size_t bytes) {
  while (pending_.size() < bytes) {
    if (!Fill(kTestPatience)) return false;
  }
  return true;
}

std::string TestSocket::TakeChunked(bool& complete) {
  std::string body;
  while (true) {
    const std::string line = ReceiveUntil("\r\n");
    if (!line.ends_with("\r\n")) return body;
    const size_t size = std::strtoul(line.c_str(), nullptr, 16);
    if (size == 0) break;
    if (!Need(size + 2)) return body + std::exchange(pending_, {});
    body += pending_.substr(0, size);
    pending_.erase(0, size + 2);
  }
  complete = ReceiveUntil("\r\n") == "\r\n";
  return body;
}

TestMessage TestSocket::ReceiveMessage(bool to_head) {
  const std::string head = ReceiveUntil("\r\n\r\n");
  if (!head.ends_with("\r\n\r\n")) return ParseHead(head + "\r\n");
  TestMessage message = ParseHead(head);
  const std::string length = message.Header("Content-Length");
  const int status = message.status();
  if (to_head || status / 100 == 1 || status == 204 || status == 304) {
    message.complete = true;
  } else if (EqualsIgnoreCase(message.Header("Transfer-Encoding"), "chunked")) {
    message.body = TakeChunked(message.complete);
  } else if (!length.empty() || status == 0) {
    const size_t size = std::strtoul(length.c_str(), nullptr, 10);
    message.complete = Need(size);
    message.body = pending_.substr(0, size);
    pending_.erase(0, size);
  } else {
    message.body = ReceiveAll();
    message.complete = ended_;
  }
  return message;
}

bool TestSocket::WaitForEnd(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!ended_ && std::chrono::steady_clock::now() < end) {
    Fill(std::chrono::milliseconds(50));
    pending_.clear();
  }
  return ended_;
}

void TestSocket::ShutdownSend() {
  ::shutdown(fd_, SHUT_WR);
}

void TestSocket::Reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  if (ssl_) SSL_set_quiet_shutdown(ssl_, 1);
  Close();
}

void TestSocket::Close() {
  if (ssl_) {
    SSL_shutdown(ssl_);
    SSL_free(std::exchange(ssl_, nullptr));
  }
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace understudy
