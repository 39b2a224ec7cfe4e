// Clients that connect, are answered once and then stay, in processes of their own: so that the
// descriptors and the memory of the one under test are its own, and so that there may be more of
// them than one process or one address has descriptors and ports for.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace understudy {

class IdleClients {
 public:
  // Forks, so construct it before this process has threads. Each process has at most
  // `kMostEach` clients and an address of its own, 127.0.0.2 and on.
  explicit IdleClients(int count);
  ~IdleClients();  // they go, and their processes end
  IdleClients(const IdleClients&) = delete;
  IdleClients& operator=(const IdleClients&) = delete;

  // Connects them all to 127.0.0.1:port; each asks GET /healthz and reads the answer. Returns how
  // many were answered. Call once.
  int Connect(uint16_t port);
  // The same for one client of each process, on the connection it has. Returns whether all were.
  bool AskAgain();

  static constexpr int kMostEach = 15'000;

 private:
  struct Child {
    pid_t pid;
    int orders;   // what we write, it reads
    int answers;  // what it writes, we read
  };
  std::vector<Child> children_;
};

// Raises this process's limit of open files as far as it may go, and returns it.
int64_t RaiseOpenFiles();

}  // namespace understudy
