// config.toml by strangers: never crashes; what is accepted reads back as it was.
#include <cstdlib>

#include "base/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto options = ParseConfig(text, "config.toml", "/workspace");
  if (!options) return 0;
  const std::string written = FormatConfig(*options);
  const auto again = ParseConfig(written, "config.toml", "/workspace");
  if (!again || FormatConfig(*again) != written) std::abort();
  return 0;
}
