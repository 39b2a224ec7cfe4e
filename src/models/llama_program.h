// Where llama-server is, and which version.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace understudy {

struct LlamaProgram {
  std::filesystem::path path;  // absolute
  std::string version;         // "0.7.0 (build 11669, commit Debian)"
};

// The configured path if there is one (and nothing else then), else the first `llama-server` on
// PATH, else the bundle of set-up: $UNDERSTUDY_BUNDLE or ~/.cache/understudy/llama-server. The
// version comes from running `--version` once; the answer is kept in `cache_folder` by path, size
// and time of change. kUnavailable says where was looked and how to get it.
Result<LlamaProgram> FindLlamaServer(const std::string& configured,
                                     const std::filesystem::path& cache_folder);

// The part without the version; never runs anything.
Result<std::filesystem::path> FindLlamaServerPath(const std::string& configured);

}  // namespace understudy
