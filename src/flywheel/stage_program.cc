#include "flywheel/stage_program.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <filesystem>

#include "models/child_process.h"

namespace understudy {
namespace {

constexpr int kLookMs = 200;
constexpr std::chrono::seconds kGrace{60};
constexpr size_t kLastWords = 6;
constexpr size_t kLongestLine = size_t{1} << 20;  // longer ones are cut

class Output {
 public:
  explicit Output(const std::function<void(const json::object&)>& line) : line_(line) {}

  // False at the end of the program's output.
  bool Read(int fd) {
    char buffer[1 << 14];
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    for (const char c : std::string_view(buffer, static_cast<size_t>(count))) {
      if (c == '\n' || c == '\r') {
        Take();
      } else if (text_.size() < kLongestLine) {
        text_ += c;
      }
    }
    if (count == 0) Take();
    return count > 0;
  }

  std::string LastWords() const { return fmt::format("{}", fmt::join(words_, "; ")); }

 private:
  void Take() {
    if (text_.empty()) return;
    const auto parsed = text_.front() == '{' ? ParseJson(text_) : Fail(InvalidInput(""));
    if (parsed && parsed->is_object()) {
      line_(parsed->get_object());
    } else {
      words_.push_back(text_);
      if (words_.size() > kLastWords) words_.pop_front();
    }
    text_.clear();
  }

  const std::function<void(const json::object&)>& line_;
  std::string text_;
  std::deque<std::string> words_;
};

}  // namespace

Status RunStageProgram(const std::vector<std::string>& arguments,
                       const std::function<void(const json::object&)>& line,
                       const std::function<bool()>& stop) {
  using Clock = std::chrono::steady_clock;
  TRY(ChildProcess child, ChildProcess::Start(arguments));
  Output output(line);
  bool open = true, stopping = false;
  Clock::time_point asked;
  std::optional<std::string> ended;
  while (open || !(ended = child.Ended())) {
    pollfd watched[] = {{open ? child.output() : -1, POLLIN, 0}, {child.process_fd(), POLLIN, 0}};
    ::poll(watched, 2, kLookMs);
    if (open && watched[0].revents != 0) open = output.Read(child.output());
    if (!stopping && stop && stop()) {
      stopping = true;
      asked = Clock::now();
      child.Signal(SIGTERM);
    }
    if (stopping && Clock::now() - asked > kGrace) child.Signal(SIGKILL);
  }
  const std::string name = std::filesystem::path(arguments[0]).filename().string();
  if (stopping) return Fail(Cancelled(name + " was interrupted"));
  if (*ended == "exit status 0") return {};
  const std::string words = output.LastWords();
  return Fail(InternalError(
      fmt::format("{} ended with {}{}{}", name, *ended, words.empty() ? "" : ": ", words)));
}

}  // namespace understudy
