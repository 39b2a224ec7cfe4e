#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "cli/program.h"

namespace {

// What cmake/Dependencies.cmake compiles for; said here rather than by a crash later.
bool ProcessorIsNewEnough() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#else
  return true;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (!ProcessorIsNewEnough()) {
    std::fputs(
        "understudy: this processor lacks AVX2 (Haswell, 2013). Build without -march in "
        "cmake/Dependencies.cmake.\n",
        stderr);
    return 1;
  }
  std::signal(SIGPIPE, SIG_DFL);  // some parents pass it on ignored
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  understudy::SetUpLog(understudy::LogLevel::kWarn, false);  // `serve` sets its own
  understudy::SystemConsole console;
  return understudy::RunProgram(args, console);
}
