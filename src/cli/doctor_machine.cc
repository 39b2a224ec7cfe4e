#include <unistd.h>

#include <fstream>
#include <thread>

#include "cli/doctor.h"
#include "cli/text.h"
#include "models/llama_program.h"
#include "models/llama_selftest.h"

namespace understudy {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kLowMemory = 1024 * kMiB;
constexpr int64_t kLowDisk = 1024 * kMiB;

// Value of a "Name:  123 kB" line of /proc/meminfo, in bytes.
int64_t MemoryInfo(std::string_view name) {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  int64_t kilobytes = 0;
  while (file >> key >> kilobytes) {
    std::getline(file, unit);
    if (key == name) return kilobytes * 1024;
  }
  return 0;
}

// The processor's features: "flags" on x86-64, "Features" on aarch64.
std::string CpuFlags() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("flags") || line.starts_with("Features")) return line + ' ';
  }
  return {};
}

Finding CheckCpu() {
  constexpr std::array<std::string_view, 12> kWanted{
      "avx2",    "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8",
      "asimddp", "i8mm",    "bf16",        "sve",         "sve2",     "asimdhp"};
  const std::string flags = CpuFlags();
  std::vector<std::string_view> found;
  for (const std::string_view name : kWanted) {
    if (flags.find(fmt::format(" {} ", name)) != std::string::npos) found.push_back(name);
  }
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::string features = found.empty() ? "none" : fmt::format("{}", fmt::join(found, " "));
  return {"machine", "processor", Health::kOk,
          fmt::format("{} cores; vector features: {}", cores, features), ""};
}

Finding CheckMemory() {
  const int64_t total = MemoryInfo("MemTotal:"), free = MemoryInfo("MemAvailable:");
  const bool low = free < kLowMemory;
  return {"machine", "memory", low ? Health::kWarn : Health::kOk,
          fmt::format("{} of {} available", HumanBytes(free), HumanBytes(total)),
          low ? "Local models may not fit; close other programs or take smaller models." : ""};
}

Finding CheckDisk(const std::string& workspace) {
  std::filesystem::path folder = std::filesystem::absolute(workspace);
  std::error_code missing;
  while (!std::filesystem::exists(folder, missing) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  const auto space = std::filesystem::space(folder, missing);
  if (missing) return {"machine", "disk", Health::kWarn, "unknown: " + missing.message(), ""};
  const auto free = static_cast<int64_t>(space.available);
  const bool low = free < kLowDisk;
  return {"machine", "disk", low ? Health::kWarn : Health::kOk,
          fmt::format("{} free at {}", HumanBytes(free), folder.string()),
          low ? "Make room: a full disk stops recording." : ""};
}

Finding CheckSelftest(const LlamaProgram& program, const std::string& cache, bool run_again) {
  Finding finding{"dependencies", "llama-server self-test", Health::kOk, "passed", ""};
  Status ended;
  if (run_again) {
    const SelftestReport report = RunLlamaSelftest(program.path);
    finding.detail = fmt::format("{} checks passed", report.checks.size());
    for (const SelftestCheck& check : report.checks) {
      if (check.passed) continue;
      ended = Fail(Unavailable(fmt::format("{}: {}", check.name, check.detail)));
      break;
    }
  } else {
    ended = EnsureLlamaSelftest(program, cache);
  }
  if (ended) return finding;
  finding.health = Health::kFail;
  finding.detail = ended.error().message;
  finding.mend =
      ended.error().mend.empty() ? "Use another version of llama-server." : ended.error().mend;
  return finding;
}

}  // namespace

std::string_view Name(Health health) {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarn: return "warn";
    case Health::kFail: return "fail";
  }
  return "fail";
}

Findings CheckMachine(const std::string& workspace) {
  return {CheckCpu(), CheckMemory(), CheckDisk(workspace)};
}

Findings CheckDependencies(const std::string& workspace, const Options* options, bool run_again) {
  const bool needed = options && std::ranges::find(options->models, "local", &ModelOptions::kind) !=
                                     options->models.end();
  // Without a workspace nothing is written into it: each version's note goes where it will be lost.
  const std::filesystem::path cache = options ? std::filesystem::path(workspace) / "cache"
                                              : std::filesystem::temp_directory_path() /
                                                    fmt::format("understudy-doctor-{}", ::getuid());
  const auto program =
      FindLlamaServer(options ? options->runtime.llama_server : std::string(), cache);
  if (!program) {
    return {{"dependencies", "llama-server", needed ? Health::kFail : Health::kWarn,
             program.error().message + (needed ? "" : " (only local models need it)"),
             program.error().mend}};
  }
  Findings found{{"dependencies", "llama-server", Health::kOk,
                  fmt::format("{} at {}", program->version, program->path.string()), ""}};
  found.push_back(CheckSelftest(*program, cache, run_again));
  return found;
}

}  // namespace understudy
