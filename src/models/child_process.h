// One child process whose life ends with ours.
//
// Started by fork and exec with only async-signal-safe calls between; in a process group of its
// own (a terminal's Ctrl-C does not reach it: we end it ourselves); standard input is /dev/null,
// standard output and standard error are one pipe to us; no other descriptor of ours is open in
// it; it gets only the environment variables it has use for, so no API key. The kernel kills it
// when the *thread* that started it ends, so also when our process is killed: start it from a
// thread that outlives it. Not thread-safe. Linux.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace understudy {

class ChildProcess {
 public:
  // `arguments[0]` is the program's path. kUnavailable when it cannot be executed, with the reason.
  static Result<ChildProcess> Start(const std::vector<std::string>& arguments);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) = delete;
  ~ChildProcess();  // kills what still runs, and reaps it

  pid_t pid() const { return pid_; }
  int output() const { return output_; }      // read end; stays ours
  int process_fd() const { return pid_fd_; }  // readable once the child has ended; stays ours

  void Signal(int signal);  // to its process group; nothing once it is reaped
  // How it ended ("exit status 1", "signal 9 (Killed)"), or nothing while it runs. Reaps.
  std::optional<std::string> Ended();

 private:
  ChildProcess(pid_t pid, int pid_fd, int output) : pid_(pid), pid_fd_(pid_fd), output_(output) {}
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int output_ = -1;
  bool reaped_ = false;
  std::string ending_;
};

// Starts the program, waits for its end and gives its output (cut at 64 KiB). kTimeout kills it.
Result<std::string> OutputOf(const std::vector<std::string>& arguments, int timeout_ms);

}  // namespace understudy
