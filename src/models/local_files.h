// The files of a local model, checked before any server sees them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "gguf/model_meta.h"

namespace understudy {

struct LocalFiles {
  std::filesystem::path gguf;  // absolute
  ModelMeta meta;
  std::vector<AdapterOptions> adapters;  // with absolute paths
};

// Base model, adapters and extra arguments of a model of kind "local". Relative paths start at
// `workspace`. The error's `where` is the option at fault: "gguf", "adapters[1]", "extra_args".
Result<LocalFiles> CheckLocalFiles(const ModelOptions& options, const std::string& workspace);

// The adapters' names (not empty, each once) and files (gguf/adapter_check.h) against the base
// model; gives them with absolute paths.
Result<std::vector<AdapterOptions>> CheckAdapters(const std::filesystem::path& base,
                                                  const std::vector<AdapterOptions>& adapters,
                                                  const std::filesystem::path& from = {});

}  // namespace understudy
