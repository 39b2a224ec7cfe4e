#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace understudy {
namespace {

std::string_view Escape(Colour colour) {
  switch (colour) {
    case Colour::kPlain: return "";
    case Colour::kBold: return "\033[1m";
    case Colour::kRed: return "\033[31m";
    case Colour::kGreen: return "\033[32m";
    case Colour::kYellow: return "\033[33m";
  }
  return "";
}

std::string Paint(bool terminal, Colour colour, std::string_view text) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  if (!terminal || !wanted || colour == Colour::kPlain) return std::string(text);
  return fmt::format("{}{}\033[0m", Escape(colour), text);
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // a full disk or a closed stream: nowhere left to say so
    text.remove_prefix(static_cast<size_t>(written));
  }
}

size_t Width(int fd) {
  winsize size{};
  if (::isatty(fd) == 0 || ::ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

std::string Console::PaintOut(Colour colour, std::string_view text) const {
  return Paint(OutIsTerminal(), colour, text);
}
std::string Console::PaintErr(Colour colour, std::string_view text) const {
  return Paint(ErrIsTerminal(), colour, text);
}

void SystemConsole::Out(std::string_view text) {
  WriteAll(STDOUT_FILENO, text);
}
void SystemConsole::Err(std::string_view text) {
  WriteAll(STDERR_FILENO, text);
}
bool SystemConsole::OutIsTerminal() const {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool SystemConsole::ErrIsTerminal() const {
  return ::isatty(STDERR_FILENO) == 1;
}
size_t SystemConsole::OutWidth() const {
  return Width(STDOUT_FILENO);
}
size_t SystemConsole::ErrWidth() const {
  return Width(STDERR_FILENO);
}

}  // namespace understudy
