// make_tiny_model OUT_DIR: writes tiny.gguf, adapter-a.gguf and adapter-b.gguf there, for tests,
// demos and benches that need a local model that is small and loads in milliseconds.
#include <cstdio>

#include "models/selftest_model.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_tiny_model OUT_DIR\n");
    return 2;
  }
  const auto files = understudy::WriteSelftestFiles(argv[1]);
  if (!files) {
    std::fprintf(stderr, "make_tiny_model: %s\n", files.error().ToString().c_str());
    return 1;
  }
  std::printf("%s\n%s\n%s\n", files->model.c_str(), files->adapter_a.c_str(),
              files->adapter_b.c_str());
  return 0;
}
