#include "support/idle_clients.h"

#include <algorithm>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace understudy {
namespace {

constexpr std::string_view kAsk = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr uint16_t kAgain = 0;  // no port: ask once more

sockaddr_in Loopback(uint32_t last, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7f000000U | last);
  return address;
}

bool Ask(int socket) {
  char answer[4096];
  return ::send(socket, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) > 0 &&
         ::recv(socket, answer, sizeof answer, 0) > 12 && std::string_view(answer + 9, 3) == "200";
}

// A connected socket that was answered, or -1.
int Client(uint32_t own, uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  const int late = 1;  // the port is chosen when it connects, so it may serve other addresses too
  ::setsockopt(made, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
  const sockaddr_in from = Loopback(own, 0), to = Loopback(1, port);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::bind(made, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      ::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && Ask(made)) {
    return made;
  }
  ::close(made);
  return -1;
}

// Obeys until the pipe of orders ends.
[[noreturn]] void Serve(uint32_t own, int count, int orders, int answers) {
  RaiseOpenFiles();
  std::vector<int> clients;
  uint16_t port = 0;
  while (::read(orders, &port, sizeof port) == sizeof port) {
    int answered = 0;
    if (port == kAgain) {
      answered = !clients.empty() && Ask(clients.back());
    } else {
      for (int i = 0; i < count; ++i) {
        if (const int client = Client(own, port); client >= 0) clients.push_back(client);
      }
      answered = static_cast<int>(clients.size());
    }
    if (::write(answers, &answered, sizeof answered) < 0) break;
  }
  ::_exit(0);
}

}  // namespace

int64_t RaiseOpenFiles() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int64_t>(limit.rlim_cur);
}

IdleClients::IdleClients(int count) {
  for (uint32_t own = 2; count > 0; ++own) {
    const int share = std::min(count, kMostEach);
    count -= share;
    int orders[2], answers[2];
    if (::pipe(orders) != 0 || ::pipe(answers) != 0) return;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(orders[1]);
      ::close(answers[0]);
      for (const Child& other : children_) ::close(other.orders);
      Serve(own, share, orders[0], answers[1]);
    }
    ::close(orders[0]);
    ::close(answers[1]);
    children_.push_back({pid, orders[1], answers[0]});
  }
}

IdleClients::~IdleClients() {
  for (const Child& child : children_) {
    ::close(child.orders);
    ::close(child.answers);
    ::waitpid(child.pid, nullptr, 0);
  }
}

int IdleClients::Connect(uint16_t port) {
  int total = 0;
  for (const Child& child : children_) {
    int answered = 0;
    if (::write(child.orders, &port, sizeof port) < 0) continue;
    if (::read(child.answers, &answered, sizeof answered) == sizeof answered) total += answered;
  }
  return total;
}

bool IdleClients::AskAgain() {
  return std::ranges::all_of(children_, [](const Child& child) {
    int answered = 0;
    return ::write(child.orders, &kAgain, sizeof kAgain) > 0 &&
           ::read(child.answers, &answered, sizeof answered) == sizeof answered && answered == 1;
  });
}

}  // namespace understudy
