// Whether a llama-server behaves as this program relies on, found out with a tiny model.
//
// llama-server answers wrongly without any error when adapters and caches meet; how we call it is
// clean for the version it was measured on, and versions change. So every new version passes this
// test (about two seconds) before it serves; the result is kept beside its version.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/llama_program.h"

namespace understudy {

struct SelftestCheck {
  std::string name;  // "adapters do not leak into each other"
  bool passed = false;
  std::string detail;  // what happened instead; empty when passed
};

struct SelftestReport {
  std::vector<SelftestCheck> checks;  // in order; the first failure does not end the test
  bool passed() const;
};

// Runs it now. Blocks for seconds: not for serving threads. For `understudy doctor`.
SelftestReport RunLlamaSelftest(const std::filesystem::path& program);

// Runs it unless this version of this program has passed before (a note in `cache_folder`).
// kUnsupported names what failed. A failure is not noted: the next start tries again.
Status EnsureLlamaSelftest(const LlamaProgram& program, const std::filesystem::path& cache_folder);

}  // namespace understudy
