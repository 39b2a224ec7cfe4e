#include "seal/key_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "seal/seal.h"

extern char** environ;

namespace understudy {
namespace {

constexpr size_t kMostBytes = 4096;

Error CommandError(Error error) {
  return std::move(error).At("the command of the master key").Mend("run it by hand and see");
}

// A group of its own, so that what it started ends with it.
Result<pid_t> Start(const std::string& line, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::array<std::string, 3> words{"sh", "-c", line};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, "/bin/sh", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return Fail(CommandError(IoErrorFromErrno("cannot start /bin/sh", failed)));
  return child;
}

// Reads until the end of the output. False: it took too long, or said too much.
bool ReadAll(int from, std::chrono::steady_clock::time_point end, std::string& text) {
  std::array<char, kMostBytes> buffer;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd ready{.fd = from, .events = POLLIN};
    const int polled = left.count() > 0 ? ::poll(&ready, 1, static_cast<int>(left.count())) : 0;
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0) return false;
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    text.append(buffer.data(), static_cast<size_t>(got));
    if (text.size() > kMostBytes) return false;
  }
}

}  // namespace

Result<std::string> OutputOfKeyCommand(const std::string& line,
                                       std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Fail(IoErrorFromErrno("cannot make a pipe", errno));
  }
  const auto child = Start(line, ends[1]);
  ::close(ends[1]);
  std::string text;
  const bool read = child && ReadAll(ends[0], std::chrono::steady_clock::now() + patience, text);
  ::close(ends[0]);
  if (!child) return Fail(child.error());
  if (!read) ::kill(-*child, SIGKILL);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (read && WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  const bool too_much = text.size() > kMostBytes;
  WipeText(text);
  if (!read && too_much) {
    return Fail(CommandError(InvalidInput("it printed more than any key has")));
  }
  if (!read) {
    return Fail(
        CommandError(Timeout(fmt::format("it did not end within {} s", patience.count() / 1000))));
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (code == 127) return Fail(CommandError(NotFound("there is no such program")));
  return Fail(CommandError(IoError(fmt::format("it ended with exit code {}", code))));
}

}  // namespace understudy
