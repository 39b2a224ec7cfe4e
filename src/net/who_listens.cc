// DescribeListenerOf: reads /proc/net/tcp for the socket's inode, then looks for the process that
// has it open (proc(5)). Only for an error message, so anything unreadable just says nothing.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "net/listener.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";  // TCP_LISTEN in /proc/net/tcp

// "socket:[12345]" of the socket that listens on `port`, or empty.
std::string FindSocket(const char* table, uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the head of the table
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    const size_t colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) return "socket:[" + inode + "]";
  }
  return {};
}

bool HasOpen(const fs::path& process, const std::string& socket) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(it->path(), unreadable) == socket) return true;
  }
  return false;
}

}  // namespace

std::string DescribeListenerOf(uint16_t port) {
  std::string socket = FindSocket("/proc/net/tcp", port);
  if (socket.empty()) socket = FindSocket("/proc/net/tcp6", port);
  if (socket.empty()) return {};
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const std::string pid = it->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!HasOpen(it->path(), socket)) continue;
    std::string name;
    std::getline(std::ifstream(it->path() / "comm") >> std::ws, name);
    return " (process " + pid + ", " + name + ")";
  }
  return {};
}

}  // namespace understudy
