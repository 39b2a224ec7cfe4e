// The real program as a child process: for signals, pipes and exit codes.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/paths.h"

namespace understudy {

class Process {
 public:
  // `command` empty words are kept; the first is looked up on PATH. Standard input is /dev/null.
  explicit Process(std::vector<std::string> command) {
    int out[2], err[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int failed = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    out_reader_ = std::thread([this, fd = out[0]] { Drain(fd, out_); });
    err_reader_ = std::thread([this, fd = err[0]] { Drain(fd, err_); });
    if (failed != 0) std::abort();
  }
  ~Process() {
    if (!ended_) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const { ::kill(pid_, signal); }

  // The exit code, or 128 + the signal; kills it after so long.
  int Wait(int seconds = 60) {
    int status = 0;
    for (int i = 0; ::waitpid(pid_, &status, WNOHANG) != pid_; ++i) {
      if (i == 100 * seconds) ::kill(pid_, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ended_ = true;
    out_reader_.join();
    err_reader_.join();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  // Only after Wait.
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  static void Drain(int fd, std::string& into) {
    char buffer[4096];
    for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
      into.append(buffer, static_cast<size_t>(got));
    }
    ::close(fd);
  }

  pid_t pid_ = 0;
  bool ended_ = false;
  std::string out_, err_;
  std::thread out_reader_, err_reader_;
};

inline std::vector<std::string> Understudy(std::vector<std::string> args) {
  args.insert(args.begin(), UnderstudyBinary().string());
  return args;
}

}  // namespace understudy
