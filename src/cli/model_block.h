// A [[models]] block of config.toml, from the flags of `understudy models add`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace understudy {

struct ModelFlags {
  std::string name, kind;  // kind empty: follows from url, file or gguf
  std::string url, model, api_key;
  std::string file, on_miss;
  std::string gguf;
  std::vector<std::string> adapters;  // "NAME=PATH"
  std::vector<std::string> settings;  // "KEY=VALUE", the value as in TOML
  double input_usd = -1, output_usd = -1;
  bool small = false;
};

// UsageError where the flags contradict each other. What the values mean is checked by
// ParseConfig on the whole file.
Result<std::string> ModelBlock(const ModelFlags& flags);

}  // namespace understudy
