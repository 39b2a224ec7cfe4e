// This machine, as far as it decides which models can be served on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace understudy {

struct MachineFacts {
  int64_t cores = 1;
  int64_t memory_bytes = 0;           // in all; 0: unknown
  int64_t available_bytes = 0;        // now
  std::vector<std::string> features;  // of the processor, those that matrix products use
};

// Reads /proc. Linux; what cannot be read stays 0 or empty.
MachineFacts ProbeMachine();
json::object ToJson(const MachineFacts& machine);

}  // namespace understudy
