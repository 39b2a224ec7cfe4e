#include "cli/helper_program.h"

#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "cli/child.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

bool IsProgram(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

// The folders where it may be, in order.
std::vector<fs::path> Places() {
  std::vector<fs::path> places;
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) places.push_back(self.parent_path());
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (!folder.empty()) places.emplace_back(folder);
  }
  return places;
}

}  // namespace

Result<fs::path> FindHelper(const HelperProgram& helper) {
  for (const fs::path& place : Places()) {
    if (IsProgram(place / helper.name)) return place / helper.name;
  }
  return Fail(
      NotFound(fmt::format("there is no program {} beside this one or on PATH", helper.name))
          .Mend(helper.how_to_get));
}

Result<ExitCode> RunHelper(const HelperProgram& helper, std::vector<std::string> arguments) {
  TRY(const fs::path program, FindHelper(helper));
  arguments.insert(arguments.begin(), program.string());
  SignalWaiter signals({SIGCHLD, SIGINT, SIGTERM, SIGHUP});
  TRY(const int code, RunChild(arguments, {}, signals));
  return static_cast<ExitCode>(code);
}

}  // namespace understudy
