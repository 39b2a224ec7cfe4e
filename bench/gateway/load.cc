// An open-loop load generator: `load PORT RATE SECONDS CONNECTIONS [stream]`.
//
// Requests are due at fixed times; a request that finds no free connection waits, and its latency
// counts from the time it was due (no coordinated omission). One thread, epoll. Prints one JSON
// object.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "bench/gateway/http_bytes.h"

namespace understudy::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kBodies = 512;
constexpr size_t kBodyBytes = 5000;
constexpr size_t kSystemBytes = 3500;
constexpr uint32_t kAgents = 8;
constexpr int kFirstDueMs = 20;

void AppendWords(std::string& body, std::mt19937& random, size_t until) {
  while (body.size() < until) body += "w" + std::to_string(random() % 2000) + " ";
}

// Chat requests as agents send them: each of a few agents has a long system prompt of its own,
// which never changes, and the turns after it are new every time. Words are drawn at random, so
// that within one request little repeats. Seeded, so every run sends the same.
std::string MakeRequest(std::mt19937& random, bool stream) {
  std::mt19937 agent(static_cast<uint32_t>(random() % kAgents));
  std::string body = R"({"model":"gpt-4o","temperature":0,)";
  if (stream) body += R"("stream":true,)";
  body += R"("messages":[{"role":"system","content":")";
  AppendWords(body, agent, kSystemBytes);
  body += "\"}";
  for (int turn = 0; body.size() < kBodyBytes; ++turn) {
    body += turn % 2 ? R"(,{"role":"assistant","content":")" : R"(,{"role":"user","content":")";
    AppendWords(body, random, body.size() + 300);
    body += "\"}";
  }
  body += R"(,{"role":"user","content":"and now?"}]})";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
         "\r\nAuthorization: Bearer none\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Connection {
  int fd = -1;
  bool busy = false;
  std::string in;
  Clock::time_point due, last_piece;
  bool first_piece = true;
};

class Load {
 public:
  Load(int port, double rate, double seconds, int connections, bool stream)
      : stream_(stream),
        interval_(
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1.0 / rate))),
        total_(static_cast<uint64_t>(rate * seconds)) {
    std::mt19937 random(42);
    for (size_t i = 0; i < kBodies; ++i) requests_.push_back(MakeRequest(random, stream));
    poll_ = ::epoll_create1(0);
    connections_.resize(static_cast<size_t>(connections));
    for (auto& connection : connections_) Connect(connection, port);
    for (size_t i = 0; i < connections_.size(); ++i) free_.push_back(i);
    latencies_.reserve(total_);
  }

  void Run() {
    began_ = Clock::now() + std::chrono::milliseconds(kFirstDueMs);
    const auto give_up =
        began_ + interval_ * static_cast<int64_t>(total_) + std::chrono::seconds(5);
    std::array<epoll_event, 512> events{};
    while (done_ + errors_ < total_ && Clock::now() < give_up) {
      SendDue();
      const timespec wait = UntilNext();
      const int count = ::epoll_pwait2(poll_, events.data(), events.size(), &wait, nullptr);
      for (int i = 0; i < count; ++i) Read(events[i].data.u64);
    }
    ended_ = Clock::now();
  }

  void Print() {
    const double seconds = std::chrono::duration<double>(ended_ - began_).count();
    std::printf("{\"sent\":%lu,\"done\":%lu,\"errors\":%lu,\"rps\":%.1f,", sent_, done_,
                total_ - done_, static_cast<double>(done_) / seconds);
    PrintPercentiles("latency", latencies_);
    if (stream_) {
      std::printf(",");
      PrintPercentiles("first", firsts_);
      std::printf(",");
      PrintPercentiles("gap", gaps_);
    }
    std::printf("}\n");
  }

 private:
  void Connect(Connection& connection, int port) {
    connection.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("load: connect");
      std::exit(1);
    }
    const int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<uint64_t>(&connection - connections_.data());
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.fd, &event);
  }

  Clock::time_point DueAt(uint64_t number) const {
    return began_ + interval_ * static_cast<int64_t>(number);
  }

  timespec UntilNext() const {
    auto left = std::chrono::nanoseconds(std::chrono::milliseconds(100));
    if (sent_ < total_ && !free_.empty()) {
      left = std::max(std::chrono::nanoseconds(0),
                      std::chrono::nanoseconds(DueAt(sent_) - Clock::now()));
    }
    return {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  }

  void SendDue() {
    const auto now = Clock::now();
    while (sent_ < total_ && !free_.empty() && DueAt(sent_) <= now) {
      Connection& connection = connections_[free_.back()];
      free_.pop_back();
      connection.due = DueAt(sent_);
      connection.busy = true;
      connection.first_piece = true;
      const std::string& request = requests_[sent_ % kBodies];
      ++sent_;
      if (::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
        ++errors_;
      }
    }
  }

  void Read(uint64_t number) {
    Connection& connection = connections_[number];
    const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (connection.busy) ++errors_;
      ::epoll_ctl(poll_, EPOLL_CTL_DEL, connection.fd, nullptr);
      connection.busy = false;
      return;
    }
    const auto now = Clock::now();
    if (stream_) NotePiece(connection, now);
    connection.in.append(buffer_.data(), static_cast<size_t>(got));
    const size_t length = MessageLength(connection.in);
    if (length == 0) return;
    if (connection.in.compare(9, 3, "200") == 0) {
      ++done_;
      latencies_.push_back(Micros(now - connection.due));
    } else {
      ++errors_;
    }
    connection.in.clear();
    connection.busy = false;
    free_.push_back(number);
  }

  void NotePiece(Connection& connection, Clock::time_point now) {
    if (connection.first_piece) {
      firsts_.push_back(Micros(now - connection.due));
    } else {
      gaps_.push_back(Micros(now - connection.last_piece));
    }
    connection.first_piece = false;
    connection.last_piece = now;
  }

  static float Micros(Clock::duration time) {
    return std::chrono::duration<float, std::micro>(time).count();
  }

  static void PrintPercentiles(const char* name, std::vector<float>& samples) {
    std::sort(samples.begin(), samples.end());
    const auto at = [&](double share) {
      return samples.empty() ? 0.0F : samples[static_cast<size_t>(share * (samples.size() - 1))];
    };
    std::printf("\"%s_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name, at(0.5),
                at(0.9), at(0.99), at(1));
  }

  bool stream_;
  Clock::duration interval_;
  uint64_t total_, sent_ = 0, done_ = 0, errors_ = 0;
  std::vector<std::string> requests_;
  std::vector<Connection> connections_;
  std::vector<size_t> free_;
  std::vector<float> latencies_, firsts_, gaps_;
  Clock::time_point began_, ended_;
  int poll_ = -1;
  std::array<char, 65536> buffer_{};
};

}  // namespace
}  // namespace understudy::bench

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: load PORT RATE SECONDS CONNECTIONS [stream]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  understudy::bench::Load load(std::atoi(argv[1]), std::atof(argv[2]), std::atof(argv[3]),
                               std::atoi(argv[4]), argc > 5);
  load.Run();
  load.Print();
}
