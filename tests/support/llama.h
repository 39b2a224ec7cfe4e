// The real llama-server for tests. Where there is none, the test is skipped with a line that says
// how to get one.
#pragma once

#include <gtest/gtest.h>

#include "models/llama_program.h"
#include "models/llama_server.h"

#define SKIP_WITHOUT_LLAMA_SERVER()                                       \
  if (const auto found = ::understudy::FindLlamaServerPath(""); !found) { \
    GTEST_SKIP() << found.error().ToString();                             \
  }

namespace understudy::testing {

// The tiny model with two adapters, two slots of 2048 tokens.
LlamaSetup TinySetup();

// Fails at once, restarts fast: for tests.
SupervisionOptions FastSupervision();

// True once the process is gone or a zombie (someone else's to reap), within `timeout`.
bool IsGone(pid_t pid, std::chrono::milliseconds timeout);

}  // namespace understudy::testing
