// understudy-train: what needs libtorch, as a program of its own, so that a training that runs out
// of memory never touches a gateway. `understudy tune` and `understudy pretrain` start it.
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "nn/program/commands.h"

namespace {

// OpenMP's threads must sleep between operations, not spin: with other work on the machine spinning
// costs a factor of four (measured), without it 15 %. The library reads this when it is loaded.
void SleepBetweenOperations(char** arguments) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  ::execv("/proc/self/exe", arguments);  // returns only if it fails; then it is slower, not wrong
}

// Activations are large and short-lived: given back to the system after each use, they would come
// again as fresh pages to be cleared, a fifth of a training's time.
void KeepMemory() {
  constexpr int kKept = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kKept);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace

int main(int count, char** arguments) {
  SleepBetweenOperations(arguments);
  KeepMemory();
  return understudy::nn::RunTrainProgram(count, arguments);
}
