// Signals as something to wait for. Make one before any thread is started, so that all threads
// leave the signals to it.
#pragma once

#include <csignal>

#include <chrono>
#include <initializer_list>
#include <optional>

namespace understudy {

// Blocks the signals while it lives and puts the old mask back afterwards.
class SignalWaiter {
 public:
  explicit SignalWaiter(std::initializer_list<int> signals);
  ~SignalWaiter();
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  siginfo_t Wait();
  std::optional<siginfo_t> WaitFor(std::chrono::milliseconds limit);

 private:
  sigset_t wanted_{}, before_{};
};

// True where the terminal sent it (Ctrl-C): then the whole foreground group has it already.
bool IsFromTerminal(const siginfo_t& info);

}  // namespace understudy
