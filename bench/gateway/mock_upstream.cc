// A model that answers the same thing after a fixed delay: one thread, epoll, no allocation a
// request. `mock_upstream PORT DELAY_US [CHUNKS CHUNK_GAP_US]`; requests with "stream":true get an
// SSE answer of CHUNKS chunks, the others one JSON answer.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <queue>
#include <string>
#include <unordered_map>

#include "bench/gateway/http_bytes.h"

namespace understudy::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  uint64_t serial = 0;  // tells a reused descriptor from its predecessor
  std::string in;
};

struct Due {
  Clock::time_point at;
  uint64_t serial;
  int fd;
  int chunk;  // -1: the whole plain answer
  bool operator>(const Due& other) const { return at > other.at; }
};

std::string PlainAnswer() {
  std::string content;
  for (int i = 0; i < 120; ++i) content += "answer" + std::to_string(i % 10) + " ";
  const std::string body =
      R"({"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"mock",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":")" +
      content +
      R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":1200,"completion_tokens":120,)"
      R"("total_tokens":1320}})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ChunkFrame(const std::string& data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

std::vector<std::string> StreamAnswer(int chunks) {
  const std::string open =
      R"(data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1700000000,)"
      R"("model":"mock","choices":[{"index":0,"delta":{)";
  std::vector<std::string> frames;
  for (int i = 0; i < chunks; ++i) {
    const bool last = i + 1 == chunks;
    std::string data = open + (last ? "" : R"("content":"word )") +
                       (last ? R"(},"finish_reason":"stop"}]})" : R"("},"finish_reason":null}]})") +
                       "\n\n";
    frames.push_back(ChunkFrame(data));
  }
  frames.front() =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
      frames.front();
  frames.back() += ChunkFrame("data: [DONE]\n\n") + "0\r\n\r\n";
  return frames;
}

class Mock {
 public:
  Mock(int port, std::chrono::microseconds delay, int chunks, std::chrono::microseconds gap)
      : delay_(delay), gap_(gap), plain_(PlainAnswer()), frames_(StreamAnswer(chunks)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4096) != 0) {
      std::perror("mock_upstream: listen");
      std::exit(1);
    }
    poll_ = ::epoll_create1(0);
    Watch(listener_);
  }

  void Run() {
    std::array<epoll_event, 512> events{};
    while (true) {
      const timespec wait = UntilDue();
      const int count = ::epoll_pwait2(poll_, events.data(), events.size(),
                                       due_.empty() ? nullptr : &wait, nullptr);
      for (int i = 0; i < count; ++i) {
        events[i].data.fd == listener_ ? Accept() : Read(events[i].data.fd);
      }
      SendDue();
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }

  timespec UntilDue() const {
    if (due_.empty()) return {};
    const auto left = std::max(Clock::duration::zero(), due_.top().at - Clock::now());
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    return {ns / 1'000'000'000, ns % 1'000'000'000};
  }

  void Accept() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[fd] = {fd, ++serial_, {}};
      Watch(fd);
    }
  }

  void Read(int fd) {
    Connection& connection = connections_[fd];
    const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) {
      if (got < 0 && errno == EAGAIN) return;
      connections_.erase(fd);
      ::close(fd);
      return;
    }
    connection.in.append(buffer_.data(), static_cast<size_t>(got));
    while (const size_t length = MessageLength(connection.in)) {
      const std::string_view message(connection.in.data(), length);
      const bool stream = message.find("\"stream\":true") != std::string_view::npos;
      connection.in.erase(0, length);
      Schedule({Clock::now() + delay_, connection.serial, fd, stream ? 0 : -1});
    }
  }

  void Schedule(const Due& due) {
    if (delay_.count() == 0 && due.chunk < 0) {
      Send(due);
    } else {
      due_.push(due);
    }
  }

  void SendDue() {
    const auto now = Clock::now();
    while (!due_.empty() && due_.top().at <= now) {
      const Due due = due_.top();
      due_.pop();
      Send(due);
    }
  }

  void Send(const Due& due) {
    const auto found = connections_.find(due.fd);
    if (found == connections_.end() || found->second.serial != due.serial) return;
    const std::string& bytes = due.chunk < 0 ? plain_ : frames_[static_cast<size_t>(due.chunk)];
    // Small answers to a reading peer: a short write would be a broken bench, not a case to serve.
    if (::send(due.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return;
    if (due.chunk >= 0 && due.chunk + 1 < static_cast<int>(frames_.size())) {
      due_.push({Clock::now() + gap_, due.serial, due.fd, due.chunk + 1});
    }
  }

  std::chrono::microseconds delay_, gap_;
  std::string plain_;
  std::vector<std::string> frames_;
  int listener_ = -1, poll_ = -1;
  uint64_t serial_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::array<char, 65536> buffer_{};
};

}  // namespace
}  // namespace understudy::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: mock_upstream PORT DELAY_US [CHUNKS CHUNK_GAP_US]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int chunks = argc > 3 ? std::atoi(argv[3]) : 64;
  const int gap_us = argc > 4 ? std::atoi(argv[4]) : 1000;
  understudy::bench::Mock(std::atoi(argv[1]), std::chrono::microseconds(std::atoi(argv[2])), chunks,
                          std::chrono::microseconds(gap_us))
      .Run();
}
