#include "support/llama.h"

#include <fstream>
#include <thread>

#include "support/tiny_model.h"

namespace understudy::testing {
namespace {

// The state letter of /proc/PID/stat, or 0 when there is no such process.
char StateOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  const size_t name_end = line.rfind(')');
  return name_end + 2 < line.size() ? line[name_end + 2] : 0;
}

}  // namespace

LlamaSetup TinySetup() {
  LlamaSetup setup;
  setup.program = FindLlamaServerPath("").value();
  setup.name = "tiny";
  setup.gguf = TinyModel().model;
  setup.adapters = {TinyModel().adapter_a, TinyModel().adapter_b};
  setup.slots = 2;
  setup.context = 2048;
  setup.threads = 1;
  return setup;
}

SupervisionOptions FastSupervision() {
  SupervisionOptions options;
  options.first_backoff = std::chrono::milliseconds(20);
  options.longest_backoff = std::chrono::milliseconds(200);
  return options;
}

bool IsGone(pid_t pid, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const char state = StateOf(pid);
    if (state == 0 || state == 'Z') return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace understudy::testing
