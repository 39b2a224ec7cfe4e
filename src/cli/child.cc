#include "cli/child.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace understudy {
namespace {

// Our environment with the changes, as "NAME=value".
std::vector<std::string> EnvironmentWith(const EnvironmentChanges& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(changes, [&](const auto& c) { return c.first == name; })) {
      all.emplace_back(text);
    }
  }
  for (const auto& [name, value] : changes) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// We block signals and ignore SIGPIPE; the child starts as from a shell.
class FreshSignals {
 public:
  FreshSignals() {
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~FreshSignals() { posix_spawnattr_destroy(&attributes_); }
  FreshSignals(const FreshSignals&) = delete;
  FreshSignals& operator=(const FreshSignals&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<pid_t> Start(std::vector<std::string> command, const EnvironmentChanges& changes) {
  std::vector<std::string> environment = EnvironmentWith(changes);
  const FreshSignals attributes;
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, command[0].c_str(), nullptr, attributes.get(),
                                    Pointers(command).data(), Pointers(environment).data());
  if (failed == 0) return pid;
  Error error = IoErrorFromErrno("cannot run " + command[0], failed);
  error.kind = failed == ENOENT ? ErrorKind::kNotFound : ErrorKind::kForbidden;
  return Fail(std::move(error));
}

int ExitCodeOfStatus(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<int> RunChild(const std::vector<std::string>& command, const EnvironmentChanges& changes,
                     SignalWaiter& signals) {
  TRY(const pid_t pid, Start(command, changes));
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) != pid) {
    const siginfo_t signal = signals.Wait();
    if (signal.si_signo != SIGCHLD && !IsFromTerminal(signal)) ::kill(pid, signal.si_signo);
  }
  return ExitCodeOfStatus(status);
}

}  // namespace understudy
