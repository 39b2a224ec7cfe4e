#include "cli/signals.h"

#include <pthread.h>

#include <cerrno>

namespace understudy {

SignalWaiter::SignalWaiter(std::initializer_list<int> signals) {
  sigemptyset(&wanted_);
  for (const int signal : signals) sigaddset(&wanted_, signal);
  pthread_sigmask(SIG_BLOCK, &wanted_, &before_);
}

SignalWaiter::~SignalWaiter() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

siginfo_t SignalWaiter::Wait() {
  siginfo_t info{};
  while (sigwaitinfo(&wanted_, &info) < 0 && errno == EINTR) {
  }
  return info;
}

std::optional<siginfo_t> SignalWaiter::WaitFor(std::chrono::milliseconds limit) {
  siginfo_t info{};
  const timespec time{limit.count() / 1000, limit.count() % 1000 * 1'000'000};
  if (sigtimedwait(&wanted_, &info, &time) < 0) return std::nullopt;
  return info;
}

bool IsFromTerminal(const siginfo_t& info) {
  return info.si_code == SI_KERNEL;
}

}  // namespace understudy
