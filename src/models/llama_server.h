// One llama-server as a supervised child process, on a private unix socket.
//
// A thread of its own starts the child, watches it, and starts it again when it ends: after
// first_backoff, doubling up to longest_backoff, with jitter, and from the start again once it
// has run for a minute. The child is ready when /health answers 200; one that is not ready in
// start_timeout, or whose /health fails three times in a row later, is killed and started again.
// Stop ends it: SIGTERM, then SIGKILL after stop_grace. If our process dies, the kernel kills it.
//
// Thread-safe. The destructor waits for the child's end (up to stop_grace), so it does not belong
// on a serving thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/llama_arguments.h"
#include "models/model.h"

namespace understudy {

struct SupervisionOptions {
  std::chrono::milliseconds start_timeout{120'000};
  std::chrono::milliseconds stop_grace{5'000};
  std::chrono::milliseconds first_backoff{250};
  std::chrono::milliseconds longest_backoff{30'000};
  std::chrono::milliseconds health_period{5'000};
};

class LlamaServer {
 public:
  // Makes the socket's folder and starts the supervising thread; returns before the child is
  // ready. Fails only when that cannot be done; what is wrong with the child shows in health().
  static Result<std::unique_ptr<LlamaServer>> Start(LlamaSetup setup, SupervisionOptions options);
  ~LlamaServer();  // Stop, then waits

  void Stop();  // begins the end and returns

  // kReady; kStarting; or kDown with the child's own last words and what to do about them.
  ModelHealth health() const;
  // Blocks until kReady. kTimeout, or kUnavailable with the reason as soon as a start has failed.
  Status WaitReady(std::chrono::milliseconds timeout) const;

  std::string url() const;               // "unix:/tmp/.../s.sock"; the same for every start
  pid_t pid() const;                     // of the running child, else 0
  uint64_t starts() const;               // children started so far
  std::vector<std::string> log() const;  // the running or last child's last lines

 private:
  struct Impl;
  explicit LlamaServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What to do about a child that ended with these last words; empty when unknown.
std::string MendFor(std::string_view reason);

}  // namespace understudy
