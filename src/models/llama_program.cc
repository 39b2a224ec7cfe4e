#include "models/llama_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"
#include "models/child_process.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "llama-server";
constexpr int kVersionTimeoutMs = 20'000;
constexpr uint64_t kMostCacheBytes = 4096;

bool IsProgram(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path OnPath() {
  const std::string all = Environment("PATH");
  std::string_view rest = all;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const fs::path candidate = fs::path(rest.substr(0, end)) / kName;
    if (candidate.is_absolute() && IsProgram(candidate)) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

fs::path BundleFolder() {
  const std::string folder = Environment("UNDERSTUDY_BUNDLE");
  if (!folder.empty()) return folder;
  return fs::path(Environment("HOME")) / ".cache/understudy/llama-server";
}

// "version: 0.7.0 (build 11669, commit Debian)" somewhere in the output.
Result<std::string> AskVersion(const fs::path& program) {
  TRY(const std::string output, OutputOf({program.string(), "--version"}, kVersionTimeoutMs));
  constexpr std::string_view label = "version: ";
  const size_t at = output.find(label);
  if (at == output.npos) {
    return Fail(Unavailable(fmt::format("{} does not tell its version", program.string()))
                    .Mend("Run it with --version to see why; it must be llama.cpp's server."));
  }
  const size_t start = at + label.size();
  return output.substr(start, output.find('\n', start) - start);
}

// Identifies the file as it is now: path, size, time of change.
Result<std::string> Fingerprint(const fs::path& program) {
  struct stat info{};
  if (::stat(program.c_str(), &info) != 0) {
    return Fail(IoErrorFromErrno("cannot look at " + program.string(), errno));
  }
  return fmt::format("{} {} {}.{:09}", program.string(), info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

}  // namespace

Result<fs::path> FindLlamaServerPath(const std::string& configured) {
  if (!configured.empty()) {
    if (IsProgram(configured)) return fs::absolute(configured);
    return Fail(Unavailable(fmt::format("{} is no program that can be run", configured))
                    .At("runtime.llama_server")
                    .Mend("Name llama.cpp's llama-server, or leave the option out."));
  }
  if (const fs::path found = OnPath(); !found.empty()) return found;
  const fs::path bundled = BundleFolder() / "bin" / kName;
  if (IsProgram(bundled)) return bundled;
  return Fail(Unavailable(fmt::format("no llama-server on PATH, and no bundle at {}",
                                      BundleFolder().string()))
                  .Mend("Install llama.cpp, or run scripts/llama-server-bundle."));
}

Result<LlamaProgram> FindLlamaServer(const std::string& configured, const fs::path& cache_folder) {
  TRY(const fs::path path, FindLlamaServerPath(configured));
  TRY(const std::string fingerprint, Fingerprint(path));
  const fs::path cache =
      cache_folder / fmt::format("llama-version-{:016x}", FastHash(path.string()));
  const auto cached = ReadFile(cache, kMostCacheBytes);
  if (cached && cached->starts_with(fingerprint + "\n")) {
    return LlamaProgram{path, cached->substr(fingerprint.size() + 1)};
  }
  TRY(std::string version, AskVersion(path));
  TRY_VOID(MakeFolders(cache_folder, 0700));
  TRY_VOID(WriteFileAtomically(cache, fingerprint + "\n" + version));
  return LlamaProgram{path, std::move(version)};
}

}  // namespace understudy
