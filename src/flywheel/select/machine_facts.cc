#include "flywheel/select/machine_facts.h"

#include <array>
#include <fstream>
#include <thread>

namespace understudy {
namespace {

constexpr std::array<std::string_view, 11> kFeatures{
    "avx2",    "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8",
    "asimddp", "asimdhp", "i8mm",        "bf16",        "sve"};

void ReadMemory(MachineFacts& machine) {
  std::ifstream file("/proc/meminfo");
  std::string key, rest;
  int64_t kilobytes = 0;
  while (file >> key >> kilobytes) {
    std::getline(file, rest);
    if (key == "MemTotal:") machine.memory_bytes = kilobytes * 1024;
    if (key == "MemAvailable:") machine.available_bytes = kilobytes * 1024;
  }
}

// "flags" on x86-64, "Features" on aarch64.
void ReadFeatures(MachineFacts& machine) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    line += ' ';
    for (const std::string_view feature : kFeatures) {
      if (line.find(' ' + std::string(feature) + ' ') != std::string::npos) {
        machine.features.emplace_back(feature);
      }
    }
    return;
  }
}

}  // namespace

MachineFacts ProbeMachine() {
  MachineFacts machine;
  machine.cores = std::max(1U, std::thread::hardware_concurrency());
  ReadMemory(machine);
  ReadFeatures(machine);
  return machine;
}

json::object ToJson(const MachineFacts& machine) {
  return {{"cores", machine.cores},
          {"memory_bytes", machine.memory_bytes},
          {"available_bytes", machine.available_bytes},
          {"features", json::value_from(machine.features)}};
}

}  // namespace understudy
