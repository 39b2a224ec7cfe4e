#include "support/test_server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include <stdexcept>

namespace understudy {
namespace {

int OpenListener(uint16_t* port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 512) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  *port = ntohs(address.sin_port);
  return fd;
}

SSL_CTX* MakeContext(const TestServer::Tls& tls) {
  if (tls.certificate.empty()) return nullptr;
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("the test server cannot read its certificate");
  }
  return context;
}

}  // namespace

std::string TestAnswer(int status, std::string_view body, std::string_view content_type,
                       std::string_view headers) {
  return fmt::format("HTTP/1.1 {} Test\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}",
                     status, content_type, body.size(), headers, body);
}

std::string TestChunkedHead(int status, std::string_view content_type) {
  return fmt::format("HTTP/1.1 {} Test\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
                     status, content_type);
}

std::string TestChunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string TestEvent(std::string_view data) {
  return TestChunk(fmt::format("data: {}\n\n", data));
}

TestServer::TestServer(Script script, Tls tls)
    : script_(std::move(script)), tls_(MakeContext(tls)), listener_(OpenListener(&port_)) {
  acceptor_ = std::thread([this] { AcceptAll(); });
}

TestServer::~TestServer() {
  StopListening();
  CloseConnections();
  for (std::thread& thread : threads_) thread.join();
  SSL_CTX_free(tls_);
}

std::string TestServer::url() const {
  return tls_ ? fmt::format("https://localhost:{}", port_)
              : fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<TestMessage> TestServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

size_t TestServer::request_count() const {
  const std::lock_guard lock(mutex_);
  return requests_.size();
}

bool TestServer::WaitForRequests(size_t count) const {
  return WaitFor([&] { return request_count() >= count; });
}

void TestServer::StopListening() {
  if (!acceptor_.joinable()) return;
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  acceptor_.join();
  ::close(listener_);
}

void TestServer::CloseConnections() {
  const std::lock_guard lock(mutex_);
  for (const auto& stop : stops_) *stop = true;
  stops_.clear();
}

void TestServer::AcceptAll() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++accepted_;
    ++open_;
    auto stop = std::make_shared<std::atomic<bool>>(false);
    {
      const std::lock_guard lock(mutex_);
      stops_.push_back(stop);
    }
    threads_.emplace_back([this, fd, stop] { Serve(fd, stop); });
  }
}

void TestServer::Serve(int fd, std::shared_ptr<const std::atomic<bool>> stop) {
  TestSocket client(fd);
  client.StopWith(std::move(stop));
  const bool usable = !tls_ || client.AcceptTls(SSL_new(tls_));
  while (usable && client.open()) {
    const TestMessage request = client.ReceiveMessage();
    if (!request.complete) break;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    script_(request, client);
  }
  client.Close();
  --open_;
}

bool WaitFor(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kTestPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace understudy
