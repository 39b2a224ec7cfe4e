#include "models/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr size_t kMostOutputBytes = size_t{64} << 10;

// What a model server has use for; everything else, keys above all, stays here.
bool IsForChild(std::string_view entry) {
  static constexpr std::string_view kNames[] = {
      "PATH=", "HOME=", "LANG=", "TMPDIR=", "TZ=", "LD_LIBRARY_PATH=", "USER="};
  static constexpr std::string_view kPrefixes[] = {"LC_",   "GGML_", "CUDA_", "NVIDIA_", "HIP_",
                                                   "ROCR_", "HSA_",  "VK_",   "OMP_",    "GOMP_"};
  for (const auto name : kNames) {
    if (entry.starts_with(name)) return true;
  }
  for (const auto prefix : kPrefixes) {
    if (entry.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> ChildEnvironment() {
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (IsForChild(*entry)) kept.emplace_back(*entry);
  }
  return kept;
}

// Everything the child needs, made before the fork: after it, memory must not be asked for.
struct Plan {
  std::vector<std::string> argument_texts, environment_texts;
  std::vector<char*> arguments, environment;
  int null_fd = -1;
  int output_fd = -1;   // write end
  int failure_fd = -1;  // write end, closed by exec; carries errno
  pid_t parent = 0;
};

void CloseFrom(int first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 4096; ++fd) ::close(fd);  // kernels before 5.9
}

[[noreturn]] void FailInChild(int failure_fd) {
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure_fd, &reason, sizeof reason);
  ::_exit(127);
}

// Runs between fork and exec: async-signal-safe calls only (signal-safety(7)).
[[noreturn]] void BecomeProgram(const Plan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent died before prctl
  ::setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // The failure pipe moves to 3, and nothing above it survives.
  if (::dup2(plan.null_fd, 0) < 0 || ::dup2(plan.output_fd, 1) < 0 ||
      ::dup2(plan.output_fd, 2) < 0 || ::dup3(plan.failure_fd, 3, O_CLOEXEC) < 0) {
    FailInChild(plan.failure_fd);
  }
  CloseFrom(4);
  ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  FailInChild(3);
}

// Descriptors from 16 up: dup2 onto 0..3 in the child can then never hit one still needed.
int Raised(int fd) {
  const int raised = ::fcntl(fd, F_DUPFD_CLOEXEC, 16);
  ::close(fd);
  return raised;
}

struct Pipe {
  int read_end = -1, write_end = -1;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(IoErrorFromErrno("cannot make a pipe", errno));
  const Pipe pipe{Raised(ends[0]), Raised(ends[1])};
  if (pipe.read_end >= 0 && pipe.write_end >= 0) return pipe;
  const int reason = errno;
  ::close(pipe.read_end);
  ::close(pipe.write_end);
  return Fail(IoErrorFromErrno("cannot make a pipe", reason));
}

Error CannotRun(const std::string& program, int reason) {
  return Unavailable(fmt::format("cannot run {}: {}", program, std::strerror(reason)))
      .Mend("Check that the file is there and may be executed.");
}

std::string Describe(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exit status {}", info.si_status);
  return fmt::format("signal {} ({})", info.si_status, ::strsignal(info.si_status));
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const std::vector<std::string>& arguments) {
  Plan plan;
  plan.argument_texts = arguments;
  plan.environment_texts = ChildEnvironment();
  plan.arguments = Pointers(plan.argument_texts);
  plan.environment = Pointers(plan.environment_texts);
  plan.parent = ::getpid();
  TRY(const Pipe output, MakePipe());
  auto failure_pipe = MakePipe();
  if (!failure_pipe) {
    ::close(output.read_end);
    ::close(output.write_end);
    return Fail(std::move(failure_pipe).error());
  }
  const Pipe failure = *failure_pipe;
  plan.null_fd = Raised(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  plan.output_fd = output.write_end;
  plan.failure_fd = failure.write_end;

  const pid_t pid = ::fork();
  if (pid == 0) BecomeProgram(plan);
  const int fork_reason = errno;
  for (const int fd : {plan.null_fd, output.write_end, failure.write_end}) ::close(fd);
  int reason = pid < 0 ? fork_reason : 0;
  if (pid > 0) {
    ssize_t got = 0;
    do {
      got = ::read(failure.read_end, &reason, sizeof reason);  // ends at exec
    } while (got < 0 && errno == EINTR);
  }
  ::close(failure.read_end);
  if (reason != 0) {
    ::close(output.read_end);
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    return Fail(CannotRun(arguments[0], reason));
  }
  ::fcntl(output.read_end, F_SETFL, O_NONBLOCK);
  ChildProcess child(pid, static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), output.read_end);
  if (child.process_fd() < 0) {
    return Fail(IoErrorFromErrno("cannot watch a child process (Linux 5.3 is needed)", errno));
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_fd_(std::exchange(other.pid_fd_, -1)),
      output_(std::exchange(other.output_, -1)),
      reaped_(other.reaped_),
      ending_(std::move(other.ending_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  if (!Ended()) {
    Signal(SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  }
  if (pid_fd_ >= 0) ::close(pid_fd_);
  ::close(output_);
}

void ChildProcess::Signal(int signal) {
  if (reaped_ || pid_ <= 0) return;
  // The group may not exist yet in the child's first instant; the child itself does.
  if (::kill(-pid_, signal) != 0) ::kill(pid_, signal);
}

std::optional<std::string> ChildProcess::Ended() {
  if (reaped_) return ending_;
  siginfo_t info{};
  const int result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
  if (result == 0 && info.si_pid == 0) return std::nullopt;
  reaped_ = true;
  ending_ = result == 0 ? Describe(info) : "an unknown status";
  return ending_;
}

Result<std::string> OutputOf(const std::vector<std::string>& arguments, int timeout_ms) {
  TRY(ChildProcess child, ChildProcess::Start(arguments));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::string output;
  char piece[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{child.output(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      return Fail(Timeout(fmt::format("{} did not end within {} ms", arguments[0], timeout_ms)));
    }
    const ssize_t got = ::read(child.output(), piece, sizeof piece);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0 || output.size() > kMostOutputBytes) return output;
    output.append(piece, static_cast<size_t>(got));
  }
}

}  // namespace understudy
