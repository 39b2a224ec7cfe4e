// Masking of texts and of JSON: what is found lies in the text, in order; JSON tokens stay JSON
// tokens; and a text that was masked stays as it is.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "privacy/masker.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  static const Masker masker(MaskKey("a secret of the fuzzer"));
  const std::string text(reinterpret_cast<const char*>(data), size);
  size_t at = 0;
  for (const Entity& entity : FindEntities(text).entities) {
    if (entity.begin < at || entity.end <= entity.begin || entity.end > size) std::abort();
    at = entity.end;
  }
  std::string once = text;
  const MaskCounts counts = masker.Mask(once);
  if (counts.total() == 0 && once != text) std::abort();
  if (ParseJson(text) && !ParseJson(once)) std::abort();
  std::string twice = once;
  masker.Mask(twice);
  if (twice != once) std::abort();
  return 0;
}
