// A hostile recording: it is refused or indexed, and what was indexed is found by its own request.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "models/replay_index.h"

namespace {

using namespace understudy;

constexpr std::string_view kRequest =
    R"({"messages":[{"role":"user","content":"book a table for two, yes"}]})";

void Check(const std::string& path) {
  const auto index = ReplayIndex::Open(path);
  if (!index) {
    if (index.error().message.empty()) std::abort();
    return;
  }
  if ((*index)->size() == 0) std::abort();
  const auto answer = (*index)->Find(kRequest, true);
  if (!answer) return;
  const auto again = (*index)->Find(answer->request, false);
  if (!again || again->hit != ReplayHit::kExact) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SetUpLog(LogLevel::kOff, false);
  const int fd = ::memfd_create("recording", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  Check("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
  return 0;
}
